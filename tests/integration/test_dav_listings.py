"""Every way in which a listing can be wrong, and the error it becomes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.dav.connector import DavConnector
from sync_engine.errors import (
    AccountError,
    CollectionGone,
    CursorExpired,
    NotAuthorised,
    SuspectListing,
    SyncError,
    Throttled,
    Unavailable,
)
from tests.contract.connector_contract import Hub, event
from tests.servers.three_events import opened, pulled, with_three_events
from tests.servers.unkind_dav import CALENDAR, Fault, UnkindDav

HTML = b"<html><head><title>x</title></head><body><h1>Please sign in</h1><p>to <b>go on</b></p></body></html>"


@pytest.fixture
def server(unkind_server: UnkindDav) -> UnkindDav:
    return with_three_events(unkind_server)


@pytest.fixture
def dav(server: UnkindDav) -> Iterator[DavConnector]:
    yield from opened(server)


LISTING_FAULTS = [
    pytest.param(Fault("*", 500, times=9), Unavailable, id="500"),
    pytest.param(Fault("*", 502, times=9), Unavailable, id="502 for ever"),
    pytest.param(Fault("*", 503, times=9), Unavailable, id="503 without a time"),
    pytest.param(Fault("*", 503, {"Retry-After": "120"}), Throttled, id="503 with a time"),
    pytest.param(Fault("*", 429), Throttled, id="429"),
    pytest.param(Fault("*", 401, times=9), NotAuthorised, id="401"),
    pytest.param(Fault("*", 403, times=9), NotAuthorised, id="403"),
    pytest.param(Fault("*", 404, times=9), CollectionGone, id="404"),
    pytest.param(Fault("*", 410, times=9), (CollectionGone, CursorExpired), id="410"),
    pytest.param(Fault("*", 423, times=9), (Unavailable, CursorExpired), id="423"),
    pytest.param(Fault("*", 200, body=HTML), SuspectListing, id="a web page"),
    pytest.param(Fault("*", 207, body=HTML), SuspectListing, id="a web page as 207"),
    pytest.param(Fault("*", 207, body=b""), SuspectListing, id="nothing as 207"),
    pytest.param(Fault("*", 204), SuspectListing, id="204"),
    pytest.param(Fault("*", truncate=120), SuspectListing, id="truncated"),
    pytest.param(Fault("*", 207, body=b'<!DOCTYPE d><d:multistatus xmlns:d="DAV:"/>'), SuspectListing, id="doctype"),
    pytest.param(Fault("*", 302, {"Location": "http://elsewhere.test/"}), Unavailable, id="sent to another host"),
    pytest.param(Fault("*", 301, {"Location": CALENDAR}, times=9), Unavailable, id="a circle"),
    pytest.param(Fault("*", drop_before=True, times=9), Unavailable, id="dropped"),
    pytest.param(Fault("*", delay=3.5), Unavailable, id="slow"),
]


@pytest.mark.parametrize("afresh", [True, False], ids=["first listing", "next poll"])
@pytest.mark.parametrize(("fault", "error"), LISTING_FAULTS)
def test_r01_a_listing_that_fails_deletes_nothing(
    server: UnkindDav, dav: DavConnector, fault: Fault, error: type[SyncError], afresh: bool
) -> None:
    hub = pulled(dav)
    before, cursor = dict(hub.items), hub.cursor
    server.faults.append(Fault(**vars(fault)))
    with pytest.raises(error) as caught:
        hub.pull(afresh=afresh)
    assert isinstance(caught.value, AccountError)
    assert (hub.items, hub.cursor, hub.removed, hub.completed) == (before, cursor, [], False)
    server.faults.clear()
    assert hub.pull().items == before


@pytest.mark.parametrize("keep", range(10, 500, 35))
@pytest.mark.parametrize("sync", [True, False])
def test_r01_a_listing_cut_off_anywhere_is_not_believed(
    server: UnkindDav, dav: DavConnector, keep: int, sync: bool
) -> None:
    server.mood.sync = sync
    hub = pulled(dav)
    method = "REPORT" if sync else "PROPFIND"
    server.faults.append(Fault(method, truncate=keep, times=9))
    with pytest.raises(SuspectListing):
        hub.pull(afresh=True)
    assert (hub.titles, hub.completed, hub.removed) == (["e0", "e1", "e2"], False, [])


def test_r01_a_listing_that_does_not_mention_the_collection_is_not_believed(
    server: UnkindDav, dav: DavConnector
) -> None:
    server.mood.silent_about_itself = True
    with pytest.raises(SuspectListing, match="without a word"):
        Hub(dav, CALENDAR).pull()


def test_r01_members_outside_of_the_collection_are_not_believed(server: UnkindDav, dav: DavConnector) -> None:
    answer = (
        b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>/else/where.ics</d:href><d:propstat><d:prop><d:getetag>"1"'
        b"</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        b"<d:sync-token>x</d:sync-token></d:multistatus>"
    )
    server.faults.append(Fault("REPORT", 207, body=answer))
    with pytest.raises(SuspectListing, match="not in it"):
        Hub(dav, CALENDAR).pull()


def test_r01_paging_that_does_not_get_on_is_not_believed(server: UnkindDav, dav: DavConnector) -> None:
    hub = pulled(dav)
    for n in range(5):
        server.put(CALENDAR, f"n{n}.ics", event(f"n{n}").text)
    server.mood.page_size, server.mood.stuck = 2, True
    with pytest.raises(SuspectListing, match="does not go on"):
        hub.pull()


def test_a_507_for_the_whole_listing_is_answered_with_another_method(server: UnkindDav, dav: DavConnector) -> None:
    server.faults.append(Fault("REPORT", 507))
    hub = pulled(dav)
    assert hub.completed
    assert hub.titles == ["e0", "e1", "e2"]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 412, 501])
def test_r04_a_token_that_is_not_known_asks_for_a_full_listing(
    server: UnkindDav, dav: DavConnector, status: int
) -> None:
    hub = pulled(dav)
    server.mood.token_status = status
    server.known_tokens.clear()
    server.remove(CALENDAR, "e1.ics")
    with pytest.raises(CursorExpired):
        hub.poll()
    assert hub.pull(afresh=True).removed == [f"{CALENDAR}e1.ics"]
    assert hub.changed == []


def test_r04_a_server_that_went_back_in_time_is_noticed(server: UnkindDav, dav: DavConnector) -> None:
    """Restored from a backup: the number in its token is smaller than ours; it would say nothing of what is gone."""
    hub = pulled(dav)
    server.mood.any_token = True
    collection = server.collections[CALENDAR]
    collection.log.pop()
    del collection.items["e2.ics"]
    server.known_tokens.clear()
    with pytest.raises(CursorExpired):
        hub.poll()
    assert hub.pull(afresh=True).removed == [f"{CALENDAR}e2.ics"]


def test_a_server_that_stops_to_support_sync_collection_goes_on_by_listing(
    server: UnkindDav, dav: DavConnector
) -> None:
    hub = pulled(dav)
    server.mood.sync = False
    with pytest.raises(CursorExpired):
        hub.poll()
    server.put(CALENDAR, "new.ics", event("new").text)
    assert hub.pull(afresh=True).titles == ["e0", "e1", "e2", "new"]
    before = server.count()
    assert hub.pull().changed == []
    assert server.count() == before + 1


@pytest.mark.parametrize(("sync", "ctag"), [(True, True), (False, True), (False, False)])
def test_nothing_new_is_one_request(server: UnkindDav, dav: DavConnector, sync: bool, ctag: bool) -> None:
    server.mood.sync, server.mood.ctag = sync, ctag
    hub = pulled(dav)
    before = server.count()
    assert hub.pull().changed == []
    assert server.count() == before + 1


def test_r35_a_server_without_any_tags_is_read_by_content_and_warned_of_once(
    server: UnkindDav, dav: DavConnector, caplog: pytest.LogCaptureFixture
) -> None:
    server.mood.etags, server.mood.sync, server.mood.ctag = "none", False, False
    hub = pulled(dav)
    server.put(CALENDAR, "e1.ics", event("edited", "u1").text)
    server.remove(CALENDAR, "e0.ics")
    hub.pull()
    assert (hub.titles, hub.changed, hub.removed) == (["e2", "edited"], [f"{CALENDAR}e1.ics"], [f"{CALENDAR}e0.ics"])
    assert [r.levelname for r in caplog.records if "entity tags" in r.getMessage()] == ["WARNING"]
