"""What is somebody else's is not there: for every verb, report, POST and header, and it cannot be told from nothing.

The rows are in `tests/foreign_requests.py`, the objects in `tests/foreign_objects.py`. A verb, report, taker of POST or
part of the URL space without a row fails here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from connectors.outward_rules import Rules
from dav_gateway import dispatch, post, report
from dav_gateway.app import gateway
from dav_gateway.paths import Area
from dav_gateway.push.offer import Offer
from dav_gateway.push.vapid import Keys
from storage import admin_people, app_passwords
from storage.database import Database
from storage.tables import metadata
from tests.asgi_here import Answer, Client
from tests.databases import Postgres
from tests.foreign_objects import (
    ATTACHMENT,
    CARD,
    COLLEAGUE,
    EVENT,
    NOW,
    OBJECTS,
    ONES_OWN,
    PRIVATE,
    READABLE,
    SECRET,
    Foreign,
    Owned,
    attached,
)
from tests.foreign_requests import ASKED, BESIDE, OWN, OWN_BOOK, OWN_FILE, OWN_ITEM, POSTS, REPORTS, VERBS, Row
from tests.stores import EVERYTHING

Snapshot = dict[str, list[tuple[Any, ...]]]


class World:
    """A gateway in this process, and the devices of three people."""

    def __init__(self, database: Database, client: Client, sign_ins: dict[str, str]) -> None:
        self.client, self.sign_ins = client, sign_ins
        self.owned = Owned(database)
        self.first: Snapshot = {}  # all rows before the first test

    def ask(self, row: Row, path: str, who: str = "ada") -> Answer:
        def put(text: str) -> str:
            return text.replace("{path}", path)

        headers = {name: put(value) for name, value in row.headers.items()} | {"host": "hub"}
        if who:
            headers["authorization"] = self.sign_ins[who]
        return self.client.ask(row.method, put(row.path), raw=put(row.body).encode(), headers=headers)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"] if EVERYTHING else ["sqlite"])
def store_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('foreign')}/hub.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.lend()
    yield url
    server.take_back(url)


@pytest.fixture(scope="module")
def world(store_url: str) -> Iterator[World]:
    database = Database(store_url)
    metadata.create_all(database.engine)
    people, devices, sign_ins = {}, {}, {}
    with database.begin() as unit:
        for name in ("ada", "grace", "bob", "lin"):
            shown, stored = app_passwords.new()
            people[name] = admin_people.add_user(unit.session.connection, name, name, NOW)
            devices[name] = admin_people.add_device(unit.session.connection, name, "Phone", stored, NOW)
            sign_ins[name] = "Basic " + base64.b64encode(f"{name}:{shown}".encode()).decode()
    keys = Keys(database, lambda: bytes(32))
    keys.vapid()
    with start_blocking_portal() as portal:
        app = gateway(database, push=Offer(keys, Rules(), "https://hub.example.org"))
        made = World(database, Client(app, portal, root=""), sign_ins)
        _own(made, "ada")
        _own(made, "lin")
        made.owned.fill(people, devices)
        with database.begin() as unit:
            admin_people.set_blocked(unit.session.connection, "bob", blocked=True)
        made.first = made.owned.snapshot()
        yield made
    database.dispose()


def _own(world: World, who: str = "ada") -> None:
    """What she who asks has: she may do all that is asked, so that a refusal is for the object."""
    event, contact = EVENT.format("mine", "mine"), CARD.format("mine", "mine")
    for row, path in (
        (Row("", "MKCALENDAR"), OWN),
        (Row("", "MKCOL"), OWN_BOOK),
        (Row("", "PUT", event), OWN_ITEM),
        (Row("", "PUT", contact), f"{OWN_BOOK}mine.vcf"),
        (Row("", "PUT", "mine"), OWN_FILE),
        (Row("", "PROPFIND"), "/dav/calendars/ada/~inbox/"),
    ):
        world.ask(row, path.replace("/ada/", f"/{who}/"), who)


def _plain(answer: Answer, path: str) -> tuple[int, bytes]:
    """An answer without what was asked for in it."""
    body = answer.body.replace(path.encode(), b"PATH").replace(path.rstrip("/").encode(), b"PATH")
    for name in (b"grace", b"bob", b"nobody"):
        body = body.replace(name, b"SOMEBODY")
    return answer.status, body


def _told(world: World, row: Row, thing: Foreign, answer: Answer) -> str:
    """What an answer tells that it should not; "" for nothing."""
    twin = world.ask(row, thing.twin)
    if SECRET.encode() in answer.body.replace(thing.path.encode(), b"").replace(row.body.encode(), b""):
        return f"{answer.status} tells the secret: {answer.body[-400:]!r}"
    if _plain(answer, thing.path) != _plain(twin, thing.twin):
        return f"{answer.status} {answer.body[-300:]!r}, but for nothing {twin.status} {twin.body[-300:]!r}"
    return ""


def _as_if_not_there(row: Row, thing: Foreign, status: int) -> bool:
    """At an address of one's own, what is said before anything is looked for is the same as for nothing."""
    if "/ada/" not in thing.path:
        return status in (403, 404)
    return status in (403, 404, 405) or (row.method in ("OPTIONS", "REPORT") and status < 500)


# ---------------------------------------------------------------- nothing without a row


def test_every_verb_report_post_and_area_has_a_row() -> None:
    verbs = {row.method for row in VERBS} | {"REPORT", "POST"}
    assert {*dispatch.HANDLERS, *(verb for area in dispatch.AREAS.values() for verb in area)} <= verbs
    assert set(map(str, report.REPORTS)) <= set(REPORTS)
    takers = {taker.__module__ for taker in post.TAKERS}
    assert not [name for name in takers if not any(name.startswith(known) for known in POSTS)]
    assert set(Area) - {Area.ROOT} <= {thing.area for thing in OBJECTS}


# ---------------------------------------------------------------- the matrix


@pytest.mark.parametrize("thing", OBJECTS, ids=str)
def test_what_is_somebody_elses_is_not_there_for_any_verb_report_or_post(world: World, thing: Foreign) -> None:
    before, wrong = world.owned.snapshot(), []
    for row in ASKED:
        if thing in ONES_OWN and row.method.startswith("MK"):
            continue
        answer = world.ask(row, thing.path)
        problem = _told(world, row, thing, answer)
        if problem or not _as_if_not_there(row, thing, answer.status):
            wrong.append(f"{row}: {problem or answer.status}")
    assert not wrong, "\n".join(wrong)
    assert world.owned.snapshot() == before


@pytest.mark.parametrize("thing", [*OBJECTS[: -len(ONES_OWN)], COLLEAGUE], ids=str)
def test_what_is_somebody_elses_is_not_there_when_it_is_named_beside_the_address(world: World, thing: Foreign) -> None:
    before, wrong = world.owned.snapshot(), []
    for row in BESIDE:
        if thing is COLLEAGUE and row.name in ("delegate", "sharee"):
            continue  # whom one knows, one can share with
        if problem := _told(world, row, thing, world.ask(row, thing.path)):
            wrong.append(f"{row}: {problem}")
    assert not wrong, "\n".join(wrong)
    assert world.owned.snapshot() == before


def test_a_colleague_can_be_seen_and_nothing_of_what_is_his(world: World) -> None:
    before, wrong = world.owned.snapshot(), []
    for row in ASKED:
        answer = world.ask(row, COLLEAGUE.path)
        told = SECRET.encode() in answer.body.replace(row.body.encode(), b"")
        own = any(f"/dav/{area}/grace".encode() in answer.body for area in Area if area not in ("", "principals"))
        seen = row.method in ("PROPFIND", "REPORT", "OPTIONS", "GET", "HEAD")
        if told or own or (answer.status not in (403, 404, 405) and not seen):
            wrong.append(f"{row}: {answer.status} {answer.body[:300]!r}")
    assert not wrong, "\n".join(wrong)
    assert world.owned.snapshot() == before


def test_all_of_it_is_there_for_its_owner(world: World) -> None:
    """Else nobody could be refused it."""
    ways = [row for row in VERBS if row.name in ("GET", "PROPFIND")]
    for thing in OBJECTS:
        if "/grace/" in thing.path and thing.area is not Area.PUSH:
            answers = [world.ask(row, thing.path, "grace") for row in ways]
            assert any(answer.status < 300 for answer in answers), (thing, answers[0])
    rows = world.owned.snapshot()["push_registrations"]
    assert [row for row in rows if f"{SECRET}-registration" in row]


@pytest.mark.parametrize("address", [f"http://hub{ATTACHMENT}", ATTACHMENT, "https://elsewhere.example/x.txt"])
def test_an_attachment_is_not_reached_by_who_names_it_in_an_event_of_his_own(world: World, address: str) -> None:
    before, elsewhere = _held(world), not address.startswith("http://hub")
    event = attached("taken", address)
    taken = world.ask(Row("", "PUT", event, {"Content-Type": "text/calendar"}), f"{OWN}taken.ics")
    assert (taken.status, b"valid-managed-id" in taken.body) == ((201, False) if elsewhere else (403, True))
    for action in ("update", "remove"):
        query = f"?action=attachment-{action}&managed-id={SECRET}-managed"
        answer = world.ask(Row("", "POST", "x"), f"{OWN}taken.ics{query}")
        assert answer.status in (403, 404) or elsewhere  # one's own event may say of it what one wants
        assert SECRET.encode() not in answer.body
    for path in (ATTACHMENT, ATTACHMENT.replace("grace", "ada")):
        assert world.ask(Row("", "GET"), path).status == 404
    assert _held(world) == before
    world.ask(Row("", "DELETE"), f"{OWN}taken.ics")


def _held(world: World) -> list[tuple[str, ...]]:
    """Who holds Grace's attachment."""
    return [row for row in world.owned.snapshot()["attachments"] if f"{SECRET}-managed" in row]


@pytest.mark.parametrize("thing", READABLE, ids=str)
def test_who_may_read_changes_nothing_and_learns_nothing_private(world: World, thing: Foreign) -> None:
    wrong, done = [], []
    for row in (*ASKED, *BESIDE):
        if thing.path.endswith("/diary~grace/") and row.method in ("DELETE", "MOVE") and row in ASKED:
            continue  # he gives the share back
        answer = world.ask(_as(row, "lin"), thing.path, "lin")
        if answer.status >= 500 and answer.status not in (502, 507):
            wrong.append(f"{row}: {answer.status}")
        if PRIVATE.encode() in answer.body:
            wrong.append(f"{row}: {answer.status} tells what is private: {answer.body[-400:]!r}")
        done += [f"{row} {answer.status}"] if answer.status < 300 else []
    assert not wrong, "\n".join(wrong)
    assert not _changed(world.first, world.owned.snapshot()), done


def _as(row: Row, who: str) -> Row:
    """The same request, of somebody else."""
    headers = {name: value.replace("/ada/", f"/{who}/") for name, value in row.headers.items()}
    return replace(row, path=row.path.replace("/ada/", f"/{who}/"), headers=headers)


def _changed(before: Snapshot, after: Snapshot) -> list[object]:
    """What of hers is not as it was, who else may see it now, and copies of what is private."""
    hers = {table: [row for row in rows if SECRET in str(row)] for table, rows in before.items()}
    lost = [row for table, rows in hers.items() for row in rows if row not in after[table]]
    opened = [table for table in ("grants", "proxies", "users") if before[table] != after[table]]
    copies = [sum(PRIVATE in str(row) for row in rows["revisions"]) for rows in (before, after)]
    return [*lost, *opened, *(copies if copies[0] != copies[1] else [])]


@pytest.mark.parametrize("who", ["", "bob"])
def test_without_a_good_sign_in_there_is_nothing_at_all(world: World, who: str) -> None:
    wrong = []
    for row in ASKED:
        for path in (OWN_ITEM, OWN_FILE, "/dav/", "/dav/calendars/bob/diary-of-bob/", "/dav/nothing/"):
            answer = world.ask(row, path, who)
            if answer.status not in (401, 429) or SECRET.encode() in answer.body:
                wrong.append(f"{row} {path}: {answer.status}")
    assert not wrong, "\n".join(wrong)
