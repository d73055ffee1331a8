"""Calendars of other people and public folders, through both connectors (E15, R01, R12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.exchange.connector import ExchangeConnector
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.settings import ConnectorSettings
from sync_engine.errors import CollectionGone, NoAccess, SyncError, Unavailable
from sync_engine.item import Item
from sync_engine.model import Kind, title_of
from sync_engine.ports import Connector, RemoteCollection, RemoteRef
from tests.contract.connector_contract import Hub
from tests.servers.microsoft.directory import READ, WRITE
from tests.servers.microsoft.ews import add_person
from tests.servers.microsoft.ews_client import Desk, desk
from tests.servers.microsoft.ews_meetings import hold_meeting
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.graph_protocol import Fault
from tests.servers.microsoft.mailbox import CALENDAR, Exchange
from tests.servers.microsoft.serving import serving

ADA, BOB = "ada@example.com", "bob@example.com"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(uid: str, summary: str) -> Item:
    """An hour."""
    return Item.read(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260310T090000Z\r\nDTEND:20260310T100000Z\r\n"
        f"SUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def summaries(hub: Hub) -> list[str]:
    """Of all events."""
    return sorted(title_of(item.record) for item in hub.items.values())


def named(connector: Connector, name: str) -> RemoteCollection | None:
    """The collection of this name."""
    return next((one for one in connector.collections() if one.name == name), None)


def written_and_read(connector: Connector, collection: str) -> None:
    """An event is made, seen, changed and deleted there."""
    hub = Hub(connector, collection)
    made = connector.create(collection, event("u1", "Plan"), "k1")
    assert summaries(hub.pull(afresh=True)) == ["Plan"]
    ref = RemoteRef(made.id, hub.versions[made.id])
    connector.update(collection, ref, event("u1", "Plan B"), event("u1", "Plan"))
    assert summaries(hub.pull()) == ["Plan B"]
    connector.delete(collection, RemoteRef(made.id, hub.versions[made.id]))
    assert summaries(hub.pull()) == []


# ---------------------------------------------------------------- Exchange


@pytest.fixture
def ews() -> Iterator[Desk]:
    with desk() as made:
        add_person(made.site, "bob", "geheim", BOB, "Bob Builder")
        yield made


def exchange(ews: Desk, *shared: str) -> ExchangeConnector:
    return ExchangeConnector(ConnectorSettings(ews.site.url, "ada", "secret", shared=shared))


def share(ews: Desk, rights: str) -> None:
    calendar = ews.site.exchange.mailbox(BOB).well_known("calendar")
    ews.site.exchange.directory.share(calendar.id, ADA, rights)


def test_e15_a_calendar_that_is_not_open_is_not_offered_and_says_why_when_it_was_bound(ews: Desk) -> None:
    connector = exchange(ews, BOB, "nobody@example.com")
    assert named(connector, f"Calendar of {BOB}") is None
    share(ews, READ)
    found = named(connector, f"Calendar of {BOB}")
    assert found is not None
    assert (found.read_only, found.kinds) == (True, frozenset({Kind.EVENT}))
    Hub(connector, found.id).pull()
    share(ews, "")
    with pytest.raises(SyncError) as refused:
        Hub(connector, found.id).pull()
    assert isinstance(refused.value, NoAccess | CollectionGone)
    connector.close()


def test_e15_a_shared_calendar_of_exchange_is_a_collection_like_others(ews: Desk) -> None:
    share(ews, WRITE)
    connector = exchange(ews, BOB)
    found = named(connector, f"Calendar of {BOB}")
    assert found is not None
    assert not found.read_only
    written_and_read(connector, found.id)
    connector.close()


def test_r12_a_meeting_in_the_own_and_in_a_shared_calendar_has_one_uid(ews: Desk) -> None:
    share(ews, READ)
    connector = exchange(ews, BOB)
    hold_meeting(ews.site.exchange, ADA, [BOB], "Plan", NOW, NOW.replace(hour=1))
    shared, own = named(connector, f"Calendar of {BOB}"), named(connector, "Calendar")
    assert shared is not None
    assert own is not None
    [his], [hers] = (Hub(connector, one.id).pull().items.values() for one in (shared, own))
    assert his.uid == hers.uid
    connector.close()


@pytest.fixture
def holidays(ews: Desk) -> str:
    """A public calendar in a folder; gives its id at the server."""
    company = ews.site.add_public_folder("mail", "Company")
    return ews.site.add_public_folder(CALENDAR, "Holidays", company.id, WRITE).id


def test_e15_a_public_calendar_is_found_by_its_path_and_is_a_collection_like_others(ews: Desk, holidays: str) -> None:
    connector = exchange(ews, "public:/company/holidays", "public:/Company/Other", "public:/Company")
    assert [one.name for one in connector.collections() if one.name.startswith("Public")] == [
        "Public: /company/holidays"
    ]
    found = named(connector, "Public: /company/holidays")
    assert found is not None
    assert holidays in found.id
    written_and_read(connector, found.id)
    connector.close()


def test_a_public_folder_costs_one_request_when_nothing_changed_and_finds_deletions(ews: Desk, holidays: str) -> None:
    connector = exchange(ews, "public:/Company/Holidays")
    collection = f"public/calendars/{holidays}"
    first = connector.create(collection, event("u1", "Easter"), "k1")
    connector.create(collection, event("u2", "May Day"), "k2")
    hub = Hub(connector, collection).pull()
    before = connector.transport.requests
    assert hub.pull().completed is False
    assert connector.transport.requests - before == 1
    ews.site.public_box.delete(ews.site.places[first.id])
    assert summaries(hub.pull()) == ["May Day"]
    assert hub.changed == [], "what is known in its version is not read again"
    connector.close()


def test_r01_a_public_folder_that_cannot_be_listed_tells_no_deletions(ews: Desk, holidays: str) -> None:
    connector = exchange(ews)
    collection = f"public/calendars/{holidays}"
    connector.create(collection, event("u1", "Easter"), "k1")
    hub = Hub(connector, collection).pull()
    ews.site.public_box.collections.pop(holidays)
    with pytest.raises(SyncError):
        hub.pull()
    assert summaries(hub) == ["Easter"]
    connector.close()


# ---------------------------------------------------------------- Microsoft 365


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    exchange = Exchange()
    for address in (ADA, BOB):
        exchange.add_mailbox(address, address)
    made = Graph(exchange)
    with serving(made.app()) as made.url:
        yield made


@pytest.fixture
def ada(graph: Graph) -> Iterator[Microsoft365Connector]:
    token = graph.sign_in.give(ADA)
    settings = ConnectorSettings(f"{graph.url}/v1.0", secret=token, auth="bearer", shared=(BOB,))
    made = Microsoft365Connector(settings, NOW.timestamp)
    yield made
    made.close()


def test_a_shared_calendar_of_microsoft_365_is_offered_while_it_is_open(
    graph: Graph, ada: Microsoft365Connector
) -> None:
    calendar = graph.server.mailbox(BOB).well_known("calendar").id
    assert named(ada, f"Calendar of {BOB}") is None
    graph.server.directory.share(calendar, ADA, WRITE)
    found = named(ada, f"Calendar of {BOB}")
    assert found is not None
    assert found.id == f"users/{BOB.replace('@', '%40')}/calendars/{calendar}"
    written_and_read(ada, found.id)
    graph.server.directory.share(calendar, ADA, "")
    with pytest.raises(SyncError) as refused:
        Hub(ada, found.id).pull()
    assert isinstance(refused.value, NoAccess | CollectionGone)


def test_r01_a_server_in_trouble_is_no_calendar_that_was_closed(graph: Graph, ada: Microsoft365Connector) -> None:
    graph.faults.append(Fault(status=500, code="InternalServerError", path=f"{BOB}/calendar$", times=3))
    with pytest.raises(Unavailable):
        ada.collections()
