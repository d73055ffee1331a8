"""The command line, as a person uses it, between two calendars of a real server."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub_process import Hub, delete_event, events_at, put_event
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server
from tests.stores import on_its_own_file


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `agendahub init` makes, once."""
    hub = Hub(tmp_path_factory.mktemp("template"))
    hub.run("init")
    return hub.folder


@pytest.fixture
def hub(tmp_path: Path, template: Path) -> Hub:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Hub(tmp_path)


@pytest.fixture
def pair(hub: Hub, radicale_server: Server) -> tuple[str, str]:
    """Two calendars, bound to one hub collection."""
    paths = make_collection(radicale_server, "/ada/", "calendar"), make_collection(radicale_server, "/ada/", "calendar")
    hub.add_account("work", radicale_server)
    hub.bind("one", "work", paths[0])
    hub.bind("two", "work", paths[1])
    return paths


def test_sync_brings_two_calendars_in_step(hub: Hub, pair: tuple[str, str], radicale_server: Server) -> None:
    put_event(radicale_server, pair[0], "e1", "from one")
    put_event(radicale_server, pair[1], "e2", "from two")
    told = hub.run("sync")
    both = {"e1": "from one", "e2": "from two"}
    assert events_at(radicale_server, pair[0]) == both
    assert events_at(radicale_server, pair[1]) == both
    assert "1 new from the account" in told
    assert all(row["counts"] == {} for row in hub.json("sync"))
    states = {b["binding"]: b["state"] for b in hub.json("status")["bindings"]}
    assert states == {"one": "ok", "two": "ok"}


def test_r33_plan_tells_every_action_and_writes_nothing(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    put_event(radicale_server, pair[0], "e1", "first")
    hub.run("sync")
    put_event(radicale_server, pair[0], "e1", "changed")
    put_event(radicale_server, pair[0], "e2", "new one")
    actions = hub.json("plan", "one")
    assert {(a["side"], a["operation"], a["title"]) for a in actions} == {
        ("hub", "change", "changed"),
        ("hub", "create", "new one"),
    }
    change = next(a for a in actions if a["operation"] == "change")
    assert change["fields"] == [{"field": "summary", "before": "first", "after": "changed"}]
    assert change["reason"]
    assert hub.run("sync", "--dry-run", "one") == hub.run("plan", "one")
    assert events_at(radicale_server, pair[1]) == {"e1": "first"}
    assert hub.json("collections")[0]["items"] == 1


def test_r34_removing_a_binding_leaves_both_sides_and_binding_again_doubles_nothing(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    put_event(radicale_server, pair[0], "e1", "stays")
    hub.run("sync")
    hub.run("binding", "remove", "two")
    hub.run("account", "remove", "work", "--yes")
    assert events_at(radicale_server, pair[0]) == events_at(radicale_server, pair[1]) == {"e1": "stays"}
    assert hub.json("collections")[0]["items"] == 1
    assert hub.json("account", "list") == hub.json("binding", "list") == []
    hub.add_account("work", radicale_server)
    hub.bind("one", "work", pair[0])
    hub.bind("two", "work", pair[1])
    assert all(not row["counts"].get("pulled_new") and not row["counts"].get("pushed_new") for row in hub.json("sync"))
    assert events_at(radicale_server, pair[0]) == events_at(radicale_server, pair[1]) == {"e1": "stays"}
    assert hub.json("collections")[0]["items"] == 1


def test_r03_undo_brings_a_deleted_event_back_everywhere(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    put_event(radicale_server, pair[0], "e1", "dear")
    hub.run("sync")
    delete_event(radicale_server, pair[0], "e1")
    hub.run("sync")
    assert events_at(radicale_server, pair[1]) == {}
    run = next(run["id"] for run in hub.json("status")["runs"] if run["counts"].get("pulled_deleted"))
    (step,) = hub.json("undo", "--run", str(run), "--dry-run")["steps"]
    assert (step["action"], step["title"]) == ("bring back", "dear")
    assert step["accounts"] == ["work (one)", "work (two)"]
    hub.run("undo", "--run", str(run), code=1)
    hub.run("sync")
    assert events_at(radicale_server, pair[1]) == {}, "without --yes nobody can be asked, so nothing is done"
    hub.run("undo", "--run", str(run), "--yes")
    hub.run("sync")
    assert events_at(radicale_server, pair[0]) == events_at(radicale_server, pair[1]) == {"e1": "dear"}
    assert [v["changed"] for v in hub.json("history", "e1")][:2] == [["created"], ["deleted"]]


def test_undo_takes_back_an_edit_by_version(hub: Hub, pair: tuple[str, str], radicale_server: Server) -> None:
    put_event(radicale_server, pair[0], "e1", "right")
    hub.run("sync")
    put_event(radicale_server, pair[0], "e1", "wrong")
    hub.run("sync")
    first, second = hub.json("history", "wrong")
    assert second["changed"] == ["summary"]
    hub.run("undo", "wrong", "--version", str(first["id"]), "--yes")
    hub.run("sync")
    assert events_at(radicale_server, pair[0]) == events_at(radicale_server, pair[1]) == {"e1": "right"}


def test_r02_held_deletions_wait_for_an_approval(hub: Hub, pair: tuple[str, str], radicale_server: Server) -> None:
    hub.edit('name = "one"', 'name = "one"\nbrake_count = 2')
    for number in range(6):
        put_event(radicale_server, pair[0], f"e{number}", f"event {number}")
    hub.run("sync")
    for number in range(4):
        delete_event(radicale_server, pair[0], f"e{number}")
    hub.run("sync")
    assert len(events_at(radicale_server, pair[1])) == 6
    held = hub.json("status", code=1)["held"]
    assert held[0]["count"] == 4
    assert "event 0" in held[0]["samples"]
    assert "agendahub held show" in hub.run("status", code=1)
    hub.run("binding", "approve", "one")
    hub.run("sync")
    assert len(events_at(radicale_server, pair[1])) == 2
    hub.run("binding", "approve", "one", code=1)
    assert "Nothing is held" in hub.errors


def test_a_conflict_is_shown_with_both_versions_and_can_end_either_way(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    put_event(radicale_server, pair[0], "e1", "base")
    hub.run("sync")
    put_event(radicale_server, pair[0], "e1", "of one")
    put_event(radicale_server, pair[1], "e1", "of two")
    hub.run("sync")
    (conflict,) = hub.json("conflicts", "list")
    assert conflict["title"] == "of one"
    shown = hub.json("conflicts", "show", str(conflict["id"]))
    assert (shown["fields"][0]["hub"], shown["fields"][0]["remote"]) == ("of one", "of two")
    hub.run("conflicts", "resolve", str(conflict["id"]), "--take", "remote")
    assert hub.json("conflicts", "list") == []
    hub.run("sync")
    assert events_at(radicale_server, pair[0]) == events_at(radicale_server, pair[1]) == {"e1": "of two"}


def test_a_wrong_password_is_one_sentence_and_the_other_account_goes_on(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    put_event(radicale_server, pair[0], "e1", "goes on")
    hub.run("account", "secret", "work", typed="wrong\n")
    hub.run("sync", code=1)
    assert "one (account work, collection Agenda)" in hub.errors
    assert hub.json("status", code=1)["bindings"][0]["state"] in {"failed", "needs_sign_in"}
    hub.run("account", "secret", "work", typed=f"{radicale_server.password}\n")
    hub.run("sync")
    assert events_at(radicale_server, pair[1]) == {"e1": "goes on"}


def test_import_and_export_give_the_same_back(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "in.vcf"
    cards = [
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c{n}\r\nFN:Person {n}\r\nX-ODD:a\\;b{n}\r\nEND:VCARD\r\n" for n in (1, 2)
    ]
    file.write_bytes("".join(cards).encode() + b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:no end\r\n")
    hub.run("import", str(file), "--collection", "People", code=1)
    file.write_bytes("".join(cards).encode())
    assert hub.json("import", str(file), "--collection", "People")["same"] == 2
    hub.run("export", "People", str(tmp_path / "out.vcf"))
    assert (tmp_path / "out.vcf").read_bytes().startswith(file.read_bytes())
    assert hub.json("collections")[0]["kinds"] == ["contact"]
    calendar = tmp_path / "in.ics"
    event = "BEGIN:VEVENT\r\nUID:{0}\r\nDTSTART;TZID=X:20260105T100000\r\nDTSTAMP:20260101T000000Z\r\nEND:VEVENT\r\n"
    rule = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
    zone = f"BEGIN:VTIMEZONE\r\nTZID:X\r\n{rule}END:VTIMEZONE\r\n"
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    calendar.write_bytes(f"{head}{zone}{event.format('a')}{event.format('b')}END:VCALENDAR\r\n".encode())
    hub.run("import", str(calendar), "--collection", "Plan")
    out = hub.run("export", "Plan")
    assert (out.count("BEGIN:VEVENT"), out.count("BEGIN:VTIMEZONE"), out.count("BEGIN:VCALENDAR")) == (2, 1, 1)


def test_users_and_devices(hub: Hub, tmp_path: Path) -> None:
    import plistlib

    hub.run("user", "add", "ada", "--name", "Ada Lovelace")
    hub.run("user", "add", "ada", code=1)
    made = hub.json("device", "add", "ada", "iPhone", "--mobileconfig", str(tmp_path / "p.mobileconfig"))
    assert len(made["password"].replace("-", "")) == 28
    profile = plistlib.loads((tmp_path / "p.mobileconfig").read_bytes())
    caldav, carddav = profile["PayloadContent"]
    assert (caldav["CalDAVPassword"], carddav["CardDAVUsername"]) == (made["password"], "ada")
    assert (caldav["CalDAVHostName"], caldav["CalDAVPort"], caldav["CalDAVUseSSL"]) == ("127.0.0.1", hub.port, False)
    assert carddav["CardDAVPrincipalURL"] == "/dav/principals/ada/"
    assert stat.S_IMODE((tmp_path / "p.mobileconfig").stat().st_mode) == 0o600
    assert "█" in hub.run("device", "add", "ada", "Thunderbird")
    assert made["password"] not in hub.run("device", "list")
    hub.run("device", "revoke", str(made["id"]))
    hub.run("device", "revoke", str(made["id"]), code=1)
    assert {d["name"]: d["revoked_at"] is not None for d in hub.json("device", "list", "ada")} == {
        "iPhone": True,
        "Thunderbird": False,
    }
    hub.run("user", "block", "ada")
    assert hub.json("user", "list")[0]["blocked"]
    hub.run("user", "unblock", "ada")
    assert not hub.json("user", "list")[0]["blocked"]


def test_secrets_never_reach_configuration_database_or_output(
    hub: Hub, pair: tuple[str, str], radicale_server: Server, tmp_path: Path
) -> None:
    hub.run("account", "secret", "work", typed="canary-9f3b7\n")
    hub.run("sync", code=1)
    hub.run("--debug", "account", "list")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files if b"canary-9f3b7" in path.read_bytes()] == []
    assert stat.S_IMODE((tmp_path / "agendahub.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(hub.config.stat().st_mode) == 0o600
    (tmp_path / "agendahub.key").chmod(0o644)
    hub.run("sync", code=1)
    assert "chmod 600" in hub.errors


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("status",), "agendahub init"),
        (("sync",), "agendahub init"),
        (("db", "check"), "agendahub init"),
    ],
)
def test_without_a_configuration_every_command_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    hub = Hub(tmp_path)
    hub.run(*words, code=1)
    assert expected in hub.errors
    assert hub.errors.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("sync", "none"), "There is no binding none"),
        (("account", "test", "none"), "There is no account none"),
        (("binding", "pause", "none"), "There is no binding none"),
        (("history", "none"), "No item is called none"),
        (("conflicts", "show", "7"), "There is no conflict 7"),
        (("quarantine", "retry", "7"), "There is no entry 7"),
        (("quarantine", "retry"), "Name one entry, or --all"),
        (("device", "add", "bob", "x"), "There is no user 'bob'"),
        (("export", "none"), "There is no collection none"),
        (("import", "none.ics", "--collection", "X"), "none.ics: No such file"),
        (("init",), "exists already"),
        (("account", "add", "a", "--url", "ftp://x"), "an address starts with https://"),
        (("account", "add", "a", "--url", "http://x", "--secret-from", "hunter2"), "a secret is never written here"),
        (("account", "add", "a", "--url", "http://x", "--connector", "telex"), "There is no connector telex"),
    ],
)
def test_an_error_is_one_clear_sentence_and_exit_code_1(hub: Hub, words: tuple[str, ...], expected: str) -> None:
    hub.run(*words, code=1)
    assert expected in hub.errors
    assert hub.errors.count("\n") == 1
    assert "hunter2" not in hub.errors


def test_wrong_usage_is_exit_code_2(hub: Hub) -> None:
    hub.run("nonsense", code=2)
    hub.run("undo", code=2)
    hub.run("binding", "add", code=2)


def test_debug_shows_where_an_error_came_from(hub: Hub) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agendahub", "sync", "none", "--debug"],
        cwd=hub.folder, env=hub.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@on_its_own_file()
def test_doctor_and_db_check(hub: Hub) -> None:
    assert all(check["ok"] for check in hub.json("doctor"))
    assert hub.json("db", "check")["ok"]
    (hub.folder / "agendahub.db").unlink()
    assert not hub.json("db", "check", code=1)["ok"]
    hub.run("status", code=1)
    assert "agendahub db upgrade" in hub.errors
    hub.run("db", "upgrade")
    assert hub.json("db", "check")["ok"]
    (hub.folder / "agendahub.key").chmod(0o644)
    assert [c["name"] for c in hub.json("doctor", code=1) if not c["ok"]] == ["key file"]


def test_every_command_explains_itself_with_examples(hub: Hub) -> None:
    for command in (
        "init",
        "serve",
        "collections",
        "sync",
        "plan",
        "status",
        "history",
        "undo",
        "import",
        "export",
        "doctor",
    ):
        assert f"agendahub {command}" in hub.run(command, "--help").replace(
            "--config /etc/agendahub/agendahub.toml ", ""
        )
    for group in ("account", "binding", "conflicts", "quarantine", "user", "device", "db"):
        assert "Commands" in hub.run(group, "--help")


def test_r26_a_binding_that_cannot_begin_is_told_and_the_others_go_on(
    hub: Hub, pair: tuple[str, str], radicale_server: Server
) -> None:
    put_event(radicale_server, pair[0], "e1", "from one")
    hub.run("sync")
    hub.write_account("lost", radicale_server)
    hub.edit("file:lost.secret", "env:NO_SUCH_SECRET")
    hub.write_binding("three", "lost", pair[0], "Elsewhere")
    text = hub.config.read_text()
    first = text.index('[[bindings]]\nname = "one"')
    third = text.index('[[bindings]]\nname = "three"')
    hub.config.write_text(f"{text[:first]}{text[third:]}\n{text[first:third]}")  # it is the first to run
    put_event(radicale_server, pair[0], "e2", "goes on")
    (planned,) = hub.json("plan", code=1)
    assert planned["title"] == "goes on"
    assert "NO_SUCH_SECRET" in hub.errors
    hub.run("sync", code=1)
    assert "NO_SUCH_SECRET" in hub.errors
    assert events_at(radicale_server, pair[1]) == {"e1": "from one", "e2": "goes on"}
    results = {row["binding"]: row["result"] for row in hub.json("sync", code=1)}
    assert results == {"three": "failed", "one": "ok", "two": "ok"}
    states = {b["binding"]: b["state"] for b in hub.json("status", code=1)["bindings"]}
    assert states == {"three": "failed", "one": "ok", "two": "ok"}
    hub.edit("env:NO_SUCH_SECRET", "file:lost.secret")
    hub.run("sync")
    assert {b["state"] for b in hub.json("status")["bindings"]} == {"ok"}
    hub.edit("file:lost.secret", "env:NO_SUCH_SECRET")
    hub.run("sync", code=1)
    found = next(b for b in hub.json("status", code=1)["bindings"] if b["binding"] == "three")
    assert (found["state"], "NO_SUCH_SECRET" in found["detail"]) == ("failed", True)


def test_an_unreachable_server_is_nothing_to_approve(hub: Hub, pair: tuple[str, str], radicale_server: Server) -> None:
    put_event(radicale_server, pair[0], "e1", "first")
    hub.run("sync")
    hub.edit(radicale_server.url, "http://127.0.0.1:9/")
    hub.run("sync", "one", code=1)
    hub.run("binding", "approve", "one", code=1)
    assert "Nothing is held" in hub.errors
