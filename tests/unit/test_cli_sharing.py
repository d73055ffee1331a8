"""agendahub share, delegate and collection set: what they do, and one sentence for what they cannot do."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from agendahub.feed_health import feeds
from agendahub.workspace import Workspace, utc_now
from config import load
from storage.database import Database
from storage.dav_sharing import home_of
from storage.dav_store import collection_at, collections_of
from storage.tables import collections
from tests.commands_here import Cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sharing")


@pytest.fixture(scope="module")
def cli(folder: Path) -> Cli:
    """Of all tests here: each takes back what it does, or does it to something of its own."""
    made = Cli(folder)
    for name in ("ada", "bob"):
        made.run("user", "add", name)
    database = Database(f"sqlite:///{folder}/agendahub.db")
    with database.begin() as unit:
        for slug, owner in (("plans", 1), ("plans", 2), ("team", None)):
            row = {"slug": slug, "owner_id": owner, "name": slug.title(), "kinds": "event", "epoch": "e"}
            unit.session.connection.execute(insert(collections).values(**row, created_at=unit.session.now()))
    database.dispose()
    return made


def listed(cli: Cli, group: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(cli.run(group, "list", "--json"))
    return found


def test_a_share_is_made_changed_listed_and_ended(cli: Cli) -> None:
    assert "bob may read ada/plans." in cli.run("share", "add", "ada/plans", "bob")
    cli.run("share", "add", "ada/plans", "bob", "--write")
    share = {"owner": "ada", "slug": "plans", "name": "Plans", "user": "bob", "access": "write"}
    assert listed(cli, "share") == [share]
    cli.run("share", "remove", "ada/plans", "bob")
    assert listed(cli, "share") == []


def test_a_delegate_is_made_listed_and_ended(cli: Cli, folder: Path) -> None:
    cli.run("delegate", "add", "ada", "bob", "--write")
    assert listed(cli, "delegate") == [{"owner": "ada", "user": "bob", "access": "write"}]
    database = Database(f"sqlite:///{folder}/agendahub.db")
    with database.read() as unit:
        assert home_of(unit.session.connection, "ada", 2) == (1, "ada", "write")
    database.dispose()
    cli.run("delegate", "remove", "ada", "bob")
    assert listed(cli, "delegate") == []


REFUSED = {
    "share add plans bob": "ada/plans, bob/plans",
    "share add nothing bob": "There is no collection nothing",
    "share add team bob": "the company's",
    "share add ada/plans ada": "own",
    "share add ada/plans eve": "There is no user 'eve'",
    "share remove ada/plans bob": "is not shared with bob",
    "delegate remove ada bob": "bob is not a delegate of ada",
    "collection unsubscribe team": "team is not a subscription",
    "delegate add ada ada": "his own delegate",
    "delegate add ada eve": "There is no user 'eve'",
    "collection set team": "--read-only",
    "collection set team --color blue": "#RRGGBB",
    "collection subscribe Team https://x.example/a.ics": "already",
    "collection subscribe New file:///etc/passwd": "webcal://",
    "collection subscribe New https://x.example/a.ics --owner eve": "There is no user 'eve'",
}


def test_what_cannot_be_done_is_said_in_a_sentence(cli: Cli) -> None:
    assert {words: said in cli.fails(*words.split()) for words, said in REFUSED.items()} == dict.fromkeys(REFUSED, True)


def test_a_feed_is_subscribed_to_for_all_and_for_one(cli: Cli, folder: Path) -> None:
    cli.run("collection", "subscribe", "Holidays", "https://x.example/a.ics")
    cli.run("collection", "subscribe", "Holidays", "webcal://y.example/b.ics", "--owner", "ada")
    database = Database(f"sqlite:///{folder}/agendahub.db")
    with database.read() as unit:
        found = [s for s in collections_of(unit.session.connection, 1, contacts=False) if s.source]
    database.dispose()
    assert [(s.owner, s.source, s.access) for s in found] == [
        ("", "https://x.example/a.ics", "read"),
        ("ada", "webcal://y.example/b.ics", "read"),
    ]


def test_a_subscription_ends_and_may_begin_again(cli: Cli) -> None:
    for _time in range(2):
        cli.run("collection", "subscribe", "Games", "https://x.example/g.ics", "--owner", "ada")
        assert "ada/games" in cli.run("collection", "unsubscribe", "ada/Games")
        assert "There is no collection ada/Games" in cli.fails("collection", "unsubscribe", "ada/Games")


def test_the_doctor_names_a_feed_that_is_not_read(cli: Cli, folder: Path) -> None:
    cli.run("collection", "subscribe", "Late", "https://x.example/l.ics", "--owner", "ada")
    cli.run("collection", "subscribe", "Never", "https://x.example/n.ics")
    workspace = Workspace(load(cli.config))
    late = collections.c.slug == "late"
    assert feeds(workspace).ok  # just made
    ago = utc_now() - timedelta(minutes=6)
    with workspace.database.begin() as unit:
        unit.session.connection.execute(update(collections).where(collections.c.source != "").values(created_at=ago))
        unit.session.connection.execute(update(collections).where(late).values(refreshed_at=ago))
    found = feeds(workspace)
    assert (found.ok, "never" in found.detail, "ada/late" in found.detail) == (False, True, False)
    with workspace.database.begin() as unit:
        longer = utc_now() - timedelta(hours=4)
        unit.session.connection.execute(update(collections).where(late).values(refreshed_at=longer))
    assert "ada/late" in feeds(workspace).detail
    workspace.close()
    for name in ("ada/late", "never"):
        cli.run("collection", "unsubscribe", name)


def test_a_feed_has_a_name(cli: Cli) -> None:
    for name in ("", "  ", "a\nb", "x" * 101):
        assert "Give the calendar a name" in cli.fails("collection", "subscribe", name, "https://x.example/a.ics")


def test_a_collection_is_found_by_its_owner_and_name_too(cli: Cli) -> None:
    rows = [line.split() for line in cli.run("collections").splitlines()]
    assert rows[0][:3] == ["Name", "Owner", "Address"]
    assert ["Plans", "ada", "plans"] in [row[:3] for row in rows]
    assert "bob may read ada/plans." in cli.run("share", "add", "ada/Plans", "bob")
    cli.run("share", "remove", "ada/Plans", "bob")


def test_a_file_for_a_users_own_collection_never_becomes_the_companys(cli: Cli, folder: Path) -> None:
    event = (
        "BEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T100000Z\r\nSUMMARY:hers\r\nEND:VEVENT"
    )
    file = folder / "hers.ics"
    file.write_text(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}\r\nEND:VCALENDAR\r\n")
    assert "1 new" in cli.run("import", str(file), "--collection", "ada/plans")
    assert "1 as they were" in cli.run("import", str(file), "--collection", "Plans", "--owner", "ada")
    assert "SUMMARY:hers" in cli.run("export", "ada/plans")
    assert "There is no collection ada/none" in cli.fails("import", str(file), "--collection", "ada/none")
    binding = "binding add b --account none --remote x --collection ada/none"
    assert "There is no collection ada/none" in cli.fails(*binding.split())
    assert "1 new" in cli.run("import", str(file), "--collection", "Sales/North")  # no user of this name
    assert "UID:u1" in cli.run("export", "Sales/North")


def test_a_collection_is_made_read_only_and_coloured(cli: Cli, folder: Path) -> None:
    cli.run("collection", "set", "team", "--read-only", "--color", "#1E90FF")
    database = Database(f"sqlite:///{folder}/agendahub.db")
    with database.read() as unit:
        shelf = collection_at(unit.session.connection, 1, "team", contacts=False)
    assert shelf is not None
    assert (shelf.access, shelf.color) == ("read", "#1E90FF")
    cli.run("collection", "set", "team", "--no-read-only")
    with database.read() as unit:
        shelf = collection_at(unit.session.connection, 1, "team", contacts=False)
    assert shelf is not None
    assert shelf.access == "write"
    database.dispose()
