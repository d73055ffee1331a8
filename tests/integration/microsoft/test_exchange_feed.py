"""What the connector learns of changes, and with how many requests (E1 to E4, R01, R04, R21)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sync_engine.errors import CollectionGone, CursorExpired, SuspectListing, Unavailable
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Broken, Changed, Listed, RemoteRef, Removed, Write
from tests.contract.connector_contract import Hub, card, event, task
from tests.integration.microsoft.exchange_desk import Desk, Trouble, connect, desk_of_ada

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MAKE: dict[Kind, Callable[[str], Item]] = {Kind.CONTACT: card, Kind.EVENT: event, Kind.TASK: task}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


def fill(desk: Desk, kind: Kind, count: int) -> str:
    """A folder with some items."""
    where = desk.place(kind)
    for n in range(0, count, 50):
        some = [Write(None, MAKE[kind](f"item {m:03}"), key=f"key-{m}") for m in range(n, min(n + 50, count))]
        assert all(isinstance(one, RemoteRef) for one in desk.connector.write(where, some))
    desk.asked()
    return where


@pytest.mark.parametrize("kind", MAKE)
def test_nothing_new_is_one_request_also_in_a_new_process(desk: Desk, kind: Kind) -> None:
    hub = desk.hub(fill(desk, kind, 3))
    desk.asked()
    hub.connector = desk.another()
    for _ in range(3):
        cursor = hub.cursor
        hub.poll()
        assert desk.asked() == ["SyncFolderItems"]
        assert (hub.changed, hub.listed, hub.removed, hub.cursor) == ([], [], [], cursor)
    assert hub.connector.transport.requests == 3


def test_a_first_listing_takes_few_requests(desk: Desk) -> None:
    where = fill(desk, Kind.CONTACT, 120)
    hub = desk.hub(where)
    assert desk.asked() == ["SyncFolderItems", "GetItem", "GetItem"]
    assert len(hub.items) == 120


def test_ten_changes_take_two_requests(desk: Desk) -> None:
    where = fill(desk, Kind.EVENT, 12)
    hub = desk.hub(where)
    for stored in desk.stored(where)[:10]:
        desk.ada.touch(stored.id)
    desk.asked()
    hub.poll()
    assert desk.asked() == ["SyncFolderItems", "GetItem"]
    assert len(hub.changed) == 10


def test_each_page_of_a_round_is_a_place_to_go_on_from(desk: Desk) -> None:
    where = fill(desk, Kind.TASK, 1)
    hub = desk.hub(where)
    fill(desk, Kind.TASK, 7)
    some = connect(desk.site, page=2)
    pages = some.changes(where, hub.cursor, hub.known)
    taken = [next(pages), next(pages)]
    rest = list(some.changes(where, taken[-1].cursor, hub.known))
    some.close()
    ids = [[change.ref.id for change in page.changes if isinstance(change, Changed)] for page in (*taken, *rest)]
    assert [len(one) for one in ids] == [2, 2, 2, 1]
    assert len({one for page in ids for one in page}) == 7
    assert not any(page.complete for page in (*taken, *rest))


def test_a_listing_from_nothing_is_complete_as_a_whole_or_not_at_all(desk: Desk) -> None:
    where = fill(desk, Kind.TASK, 5)
    some = connect(desk.site, page=2)
    pages = list(some.changes(where, None, lambda _: {}))
    some.close()
    assert [(page.complete, page.cursor is None) for page in pages] == [(False, True), (False, True), (True, False)]


def test_what_is_deleted_while_pages_come_is_not_there_in_the_end(desk: Desk) -> None:
    where = fill(desk, Kind.TASK, 5)
    some = connect(desk.site, page=2)
    hub, pages = desk.hub(where), some.changes(where, None, lambda _: {})
    next(pages)
    desk.ada.delete(desk.stored(where)[0].id)
    last = list(pages)[-1]
    some.close()
    hub.cursor = last.cursor
    assert Hub(desk.connector, where).pull().titles == [f"item {n:03}" for n in range(1, 5)]


@pytest.mark.parametrize("terse", [False, True], ids=["with-state", "without-state"])
def test_r04_a_state_that_was_forgotten_is_an_expired_cursor(desk: Desk, terse: bool) -> None:
    where = fill(desk, Kind.EVENT, 3)
    hub = desk.hub(where)
    desk.site.mood.forget_states, desk.site.mood.terse_errors = 1, terse
    with pytest.raises(CursorExpired):
        hub.poll()
    desk.asked()
    hub.poll(afresh=True)
    assert desk.asked() == ["SyncFolderItems"]
    assert (len(hub.listed), hub.changed, hub.removed, hub.completed) == (3, [], [], True)


@pytest.mark.parametrize("terse", [False, True], ids=["with-state", "without-state"])
def test_a_folder_that_was_deleted_is_gone(desk: Desk, terse: bool) -> None:
    made = desk.ada.add_collection("tasks", "For a while")
    where = desk.tasks.replace(desk.ada.well_known("tasks").id, made.id)
    hub = desk.hub(where)
    desk.ada.remove_collection(made.id)
    desk.site.mood.terse_errors = terse
    with pytest.raises(CollectionGone):
        hub.poll()


@pytest.mark.parametrize("cursor", ["", "123", "{}", '{"t":7}', '{"t":""}', '{"t":"###"}'])
def test_a_cursor_of_something_else_has_expired(desk: Desk, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        list(desk.connector.changes(desk.tasks, cursor, lambda _: {}))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html><body>Sign in</body></html>", SuspectListing),
        (200, b"<p>not <b>even XML", SuspectListing),
        (200, b"", SuspectListing),
        (502, b"<html>Bad gateway</html>", Unavailable),
        (500, b"oops", Unavailable),
    ],
)
def test_r01_a_page_of_something_else_deletes_nothing(desk: Desk, status: int, body: bytes, error: type) -> None:
    where = fill(desk, Kind.CONTACT, 2)
    hub = desk.hub(where)
    for operation in ("SyncFolderItems", "GetItem"):
        desk.ada.touch(desk.stored(where)[0].id)
        desk.fail(Trouble(operation, status, body))
        before = hub.cursor
        with pytest.raises(error):
            hub.poll()
        assert (hub.removed, len(hub.items), hub.cursor) == ([], 2, before)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_r01_half_an_answer_deletes_nothing(desk: Desk, part: float) -> None:
    """The library's parser takes what is cut off for the whole."""
    where = fill(desk, Kind.CONTACT, 9)
    hub = desk.hub(where)
    for operation, answer in zip(("SyncFolderItems", "GetItem"), desk.site.documents[-2:], strict=True):
        desk.fail(Trouble(operation, 200, answer[: int(len(answer) * part)], headers={"content-type": "text/xml"}))
        with pytest.raises(SuspectListing):
            Hub(desk.connector, where).pull()
    assert (len(hub.pull(afresh=True).items), hub.removed) == (9, [])


def test_what_moves_to_another_folder_goes_here_and_comes_there(desk: Desk) -> None:
    where = fill(desk, Kind.CONTACT, 2)
    made = desk.ada.add_collection("contacts", "Friends", parent=desk.ada.well_known("contacts").id)
    there = where.replace(desk.ada.well_known("contacts").id, made.id)
    here_hub, there_hub = desk.hub(where), desk.hub(there)
    desk.ada.move(desk.stored(where)[0].id, made.id)
    here_hub.poll()
    there_hub.poll()
    assert (len(here_hub.removed), len(here_hub.items), there_hub.titles) == (1, 1, ["item 000"])
    assert there_hub.changed != here_hub.removed


def test_other_things_in_a_folder_are_none_of_ours(desk: Desk) -> None:
    where = fill(desk, Kind.CONTACT, 1)
    hub = desk.hub(where)
    listing = """<t:Create><t:DistributionList><t:ItemId Id="group" ChangeKey="k"/></t:DistributionList></t:Create>
      <t:ReadFlagChange><t:ItemId Id="read" ChangeKey="k"/><t:IsRead>true</t:IsRead></t:ReadFlagChange>"""
    desk.fail(Trouble("SyncFolderItems", 200, _sync_answer(listing), headers={"content-type": "text/xml"}))
    hub.poll()
    assert (hub.changed, hub.removed, len(hub.items)) == ([], [], 1)


def test_a_server_that_never_comes_to_an_end_is_not_believed(desk: Desk) -> None:
    for _ in range(200):
        desk.fail(Trouble("SyncFolderItems", 200, _sync_answer("", last="false"), headers={"content-type": "text/xml"}))
    with pytest.raises(SuspectListing):
        desk.hub(desk.contacts)


def _sync_answer(changes: str, last: str = "true") -> bytes:
    return f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
      xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
      xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body><m:SyncFolderItemsResponse>
      <m:ResponseMessages><m:SyncFolderItemsResponseMessage ResponseClass="Success">
      <m:ResponseCode>NoError</m:ResponseCode><m:SyncState>abc</m:SyncState>
      <m:IncludesLastItemInRange>{last}</m:IncludesLastItemInRange><m:Changes>{changes}</m:Changes>
      </m:SyncFolderItemsResponseMessage></m:ResponseMessages></m:SyncFolderItemsResponse></s:Body></s:Envelope>
    """.encode()


def test_an_item_that_is_nonsense_does_not_hinder_the_others(desk: Desk) -> None:
    where = fill(desk, Kind.TASK, 3)
    nonsense = (
        f'<t:Recurrence xmlns:t="{TYPES}"><t:WeeklyRecurrence><t:Interval>x</t:Interval></t:WeeklyRecurrence>'
        "<t:NoEndRecurrence><t:StartDate>2026-03-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>"
    )
    desk.ada.update(desk.stored(where)[1].id, {"Recurrence": nonsense})
    found = list(desk.connector.fetch(where, [one.folder_id for one in desk.stored(where)]))
    desk.site.documents.clear()  # nonsense is no answer by the schemas
    assert [type(one) for one in found] == [Changed, Broken, Changed]


def test_an_item_that_the_library_trips_over_does_not_hinder_the_others(desk: Desk) -> None:
    where = fill(desk, Kind.EVENT, 3)
    days = {"IsAllDayEvent": "true", "Start": "9999-12-31T23:00:00Z", "End": "9999-12-31T23:00:00Z"}
    told = {name: f'<t:{name} xmlns:t="{TYPES}">{value}</t:{name}>' for name, value in days.items()}
    told["StartTimeZone"] = f'<t:StartTimeZone xmlns:t="{TYPES}" Id="W. Europe Standard Time"/>'
    desk.ada.update(desk.stored(where)[1].id, told)
    found = list(desk.connector.fetch(where, [one.folder_id for one in desk.stored(where)]))
    assert [type(one) for one in found] == [Changed, Broken, Changed]


def test_known_versions_are_not_read_again(desk: Desk) -> None:
    where = fill(desk, Kind.CONTACT, 2)
    hub = desk.hub(where)
    (page,) = desk.connector.changes(where, None, hub.known)
    assert [type(change) for change in page.changes] == [Listed, Listed]


def test_r22_only_the_clear_word_of_the_server_removes(desk: Desk) -> None:
    where = fill(desk, Kind.CONTACT, 1)
    (there,) = desk.stored(where)
    found = list(desk.connector.fetch(where, [there.folder_id, "AAMkNever="]))
    assert isinstance(found[0], Changed)
    assert found[1] == Removed("AAMkNever=")
