"""Every way in which a write can fail, and the error it becomes; connections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from connectors.dav.connector import DavConnector
from connectors.settings import ConnectorSettings
from sync_engine.errors import (
    CollectionGone,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SyncError,
    Throttled,
    Unavailable,
    VersionConflict,
)
from sync_engine.ports import Changed, RemoteRef
from tests.contract.connector_contract import Hub, event
from tests.servers.processes import free_port
from tests.servers.three_events import opened, pulled, with_three_events
from tests.servers.unkind_dav import CALENDAR, Fault, UnkindDav

HTML = b"<html><head><title>x</title></head><body><h1>Please sign in</h1><p>to <b>go on</b></p></body></html>"


@pytest.fixture
def server(unkind_server: UnkindDav) -> UnkindDav:
    return with_three_events(unkind_server)


@pytest.fixture
def dav(server: UnkindDav) -> Iterator[DavConnector]:
    yield from opened(server)


WRITE_FAULTS = [
    pytest.param(Fault("PUT", 400, body=HTML), Rejected, id="400"),
    pytest.param(Fault("PUT", 403), Rejected, id="403"),
    pytest.param(Fault("PUT", 409), Rejected, id="409"),
    pytest.param(Fault("PUT", 412), VersionConflict, id="412"),
    pytest.param(Fault("PUT", 413), Rejected, id="413"),
    pytest.param(Fault("PUT", 415), Rejected, id="415"),
    pytest.param(Fault("PUT", 507), Rejected, id="507"),
    pytest.param(Fault("PUT", 401), NotAuthorised, id="401"),
    pytest.param(Fault("PUT", 429, {"Retry-After": "30"}), Throttled, id="429"),
    pytest.param(Fault("PUT", 503, {"Retry-After": "0"}), Throttled, id="503 with a time"),
    pytest.param(Fault("PUT", 503), OutcomeUnknown, id="503"),
    pytest.param(Fault("PUT", 500), OutcomeUnknown, id="500"),
    pytest.param(Fault("PUT", 502), OutcomeUnknown, id="502"),
    pytest.param(Fault("PUT", drop_before=True), OutcomeUnknown, id="dropped"),
    pytest.param(Fault("PUT", drop_after=True), OutcomeUnknown, id="done and dropped"),
    pytest.param(Fault("PUT", delay=3.5), OutcomeUnknown, id="slow"),
]


@pytest.mark.parametrize(("times", "sent"), [(1, 2), (2, 3), (9, 3)])
def test_a_lock_of_a_moment_is_waited_for_and_a_longer_one_is_of_one_item(
    server: UnkindDav, dav: DavConnector, times: int, sent: int
) -> None:
    hub = pulled(dav)
    server.faults.append(Fault("PUT", 423, times=times))
    ref = RemoteRef(f"{CALENDAR}e0.ics", hub.versions[f"{CALENDAR}e0.ics"])
    before = server.count("PUT")
    with nullcontext() if times < sent else pytest.raises(OutcomeUnknown, match="locked"):
        dav.update(CALENDAR, ref, event("new", "u0"), event("e0", "u0"))
    assert server.count("PUT") - before == sent


@pytest.mark.parametrize(("fault", "error"), WRITE_FAULTS)
def test_r06_a_write_that_fails_is_sent_once_and_named_by_its_meaning(
    server: UnkindDav, dav: DavConnector, fault: Fault, error: type[SyncError]
) -> None:
    hub = pulled(dav)
    server.faults.append(Fault(**vars(fault)))
    ref = RemoteRef(f"{CALENDAR}e0.ics", hub.versions[f"{CALENDAR}e0.ics"])
    with pytest.raises(error) as caught:
        dav.update(CALENDAR, ref, event("new", "u0"), event("e0", "u0"))
    assert type(caught.value) is error
    assert server.count("PUT") == 1


def test_the_servers_words_are_kept_without_markup(server: UnkindDav, dav: DavConnector) -> None:
    server.faults.append(Fault("PUT", 400, body=HTML))
    with pytest.raises(Rejected) as caught:
        dav.create(CALENDAR, event("new"), "k")
    assert caught.value.server_said == "Please sign in to go on"


def test_r06_what_was_written_before_the_line_broke_is_found(server: UnkindDav, dav: DavConnector) -> None:
    item = event("new", "new@example.org")
    server.faults.append(Fault("PUT", drop_after=True))
    with pytest.raises(OutcomeUnknown):
        dav.create(CALENDAR, item, "k")
    found = dav.find(CALENDAR, item, "k")
    assert isinstance(found, Changed)
    assert found.item.uid == item.uid


def test_a_short_wait_is_waited_for_and_a_429_write_is_then_made(server: UnkindDav, dav: DavConnector) -> None:
    server.faults.append(Fault("PUT", 429, {"Retry-After": "1"}))
    began = time.monotonic()
    dav.create(CALENDAR, event("new"), "k")
    assert time.monotonic() - began >= 1.0
    assert server.count("PUT") == 2


def test_r27_a_long_wait_is_told_and_nothing_more_is_sent(server: UnkindDav, dav: DavConnector) -> None:
    hub = pulled(dav)
    before = server.count()
    server.faults.append(Fault("REPORT", 503, {"Retry-After": "90"}))
    with pytest.raises(Throttled) as caught:
        hub.pull()
    assert caught.value.retry_after == 90.0
    assert server.count() == before + 1


def test_a_read_that_broke_once_is_repeated(server: UnkindDav, dav: DavConnector) -> None:
    hub = pulled(dav)
    server.faults += [Fault("REPORT", drop_before=True), Fault("REPORT", 502)]
    assert hub.pull().changed == []


def test_a_collection_that_is_gone_is_said_so_by_a_create(server: UnkindDav, dav: DavConnector) -> None:
    server.faults.append(Fault("PUT", 404))
    with pytest.raises(CollectionGone):
        dav.create(CALENDAR, event("new"), "k")


def test_a_uid_that_is_there_under_another_name_is_a_conflict_and_is_found(
    server: UnkindDav, dav: DavConnector
) -> None:
    server.mood.uid_conflicts = True
    with pytest.raises(VersionConflict):
        dav.create(CALENDAR, event("same", "u1"), "k")
    found = dav.find(CALENDAR, event("same", "u1"), "k")
    assert isinstance(found, Changed)
    assert found.ref.id == f"{CALENDAR}e1.ics"


def test_another_item_in_the_place_does_not_block_a_new_one(server: UnkindDav, dav: DavConnector) -> None:
    """Somebody named a resource like our UID."""
    ref = dav.create(CALENDAR, event("new", "e1"), "k")
    assert ref.id != f"{CALENDAR}e1.ics"
    found = dav.find(CALENDAR, event("new", "e1"), "k")
    assert isinstance(found, Changed)
    assert (found.ref.id, found.item.uid) == (ref.id, "e1")
    assert Hub(dav, CALENDAR).pull().titles == ["e0", "e1", "e2", "new"]


def test_a_put_without_a_strong_tag_in_the_answer_gives_no_version(server: UnkindDav, dav: DavConnector) -> None:
    server.mood.put_etag = False
    assert dav.create(CALENDAR, event("a"), "k").version == ""
    server.mood.put_etag, server.mood.etags = True, "weak"
    assert dav.create(CALENDAR, event("b"), "k").version == ""


@pytest.mark.parametrize("etags", ["weak", "none"])
def test_without_strong_tags_an_update_looks_before_it_writes(server: UnkindDav, dav: DavConnector, etags: str) -> None:
    server.mood.etags = etags
    hub = pulled(dav)
    ref = RemoteRef(f"{CALENDAR}e0.ics", hub.versions[f"{CALENDAR}e0.ics"])
    assert ref.version.startswith("hash:")
    server.put(CALENDAR, "e0.ics", event("theirs", "u0").text)
    for version in (ref.version, ""):
        with pytest.raises(VersionConflict):
            dav.update(CALENDAR, RemoteRef(ref.id, version), event("ours", "u0"), event("e0", "u0"))
    with pytest.raises(VersionConflict):
        dav.delete(CALENDAR, ref)
    assert server.count("PUT") == 0
    dav.update(CALENDAR, RemoteRef(ref.id, ""), event("ours", "u0"), event("theirs", "u0"))
    assert hub.pull().titles == ["e1", "e2", "ours"]


def test_a_rewritten_body_is_read_back(server: UnkindDav, dav: DavConnector) -> None:
    server.mood.rewrite = True
    ref = dav.create(CALENDAR, event("new"), "k")
    (kept,) = dav.read_back(CALENDAR, [ref.id])
    assert isinstance(kept, Changed)
    assert kept.ref == ref
    assert "Re: new" in kept.item.text


def test_a_server_that_is_not_there_is_unavailable_also_for_writes() -> None:
    dav = DavConnector(ConnectorSettings(f"http://127.0.0.1:{free_port()}/", timeout=1.0))
    with pytest.raises(Unavailable, match="refuses the connection") as caught:
        dav.create("/c/", event("e"), "k")
    assert type(caught.value) is Unavailable
    dav.close()


def test_a_name_that_does_not_exist_is_said() -> None:
    dav = DavConnector(ConnectorSettings("http://no-such-host.invalid/", timeout=1.0))
    with pytest.raises(Unavailable, match="cannot be looked up"):
        dav.collections()
    dav.close()


def test_connections_are_kept_and_used_again(server: UnkindDav, dav: DavConnector) -> None:
    for _ in range(5):
        Hub(dav, CALENDAR).pull()
    assert server.count() > 5
    assert server.connections == 1
