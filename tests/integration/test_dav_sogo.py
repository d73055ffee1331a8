"""A server like SOGo, which ignores most conditions and loses answers (the real one: `make test-servers`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.dav.connector import DavConnector
from sync_engine.errors import OutcomeUnknown, VersionConflict
from sync_engine.ports import RemoteRef
from tests.contract.connector_contract import Hub, event
from tests.servers.three_events import opened
from tests.servers.unkind_dav import Collection, Fault, UnkindDav

CALENDAR = "/SOGo/dav/ada/Calendar/personal/"


@pytest.fixture
def server(unkind_server: UnkindDav) -> UnkindDav:
    unkind_server.mood.ignores_if_none_match = unkind_server.mood.forgets_if_match = True
    unkind_server.collections[CALENDAR] = Collection()
    return unkind_server


@pytest.fixture
def dav(server: UnkindDav) -> Iterator[DavConnector]:
    yield from opened(server)


def test_r05_creating_does_not_overwrite(server: UnkindDav, dav: DavConnector) -> None:
    server.put(CALENDAR, "u.ics", event("theirs", "u").text)
    with pytest.raises(VersionConflict):
        dav.create(CALENDAR, event("ours", "u"), "k")
    assert Hub(dav, CALENDAR).pull().titles == ["theirs"]


def test_r08_an_update_does_not_bring_back_what_is_gone(server: UnkindDav, dav: DavConnector) -> None:
    ref = dav.create(CALENDAR, event("e", "u"), "k")
    server.remove(CALENDAR, "u.ics")
    with pytest.raises(VersionConflict):
        dav.update(CALENDAR, ref, event("ours", "u"), event("e", "u"))
    dav.delete(CALENDAR, ref)
    assert server.collections[CALENDAR].items == {}


def test_r08_what_somebody_edited_is_not_deleted(server: UnkindDav, dav: DavConnector) -> None:
    ref = dav.create(CALENDAR, event("e", "u"), "k")
    server.put(CALENDAR, "u.ics", event("theirs", "u").text)
    with pytest.raises(VersionConflict):
        dav.delete(CALENDAR, ref)
    assert Hub(dav, CALENDAR).pull().titles == ["theirs"]


@pytest.mark.parametrize("done", [True, False])
def test_r06_a_lost_answer_is_settled_by_a_read(server: UnkindDav, dav: DavConnector, done: bool) -> None:
    lost = {"drop_after": True} if done else {"drop_before": True}
    server.faults.append(Fault("PUT", **lost))  # type: ignore[arg-type]
    ref = dav.create(CALENDAR, event("e", "u"), "k")
    assert server.count("PUT") == (1 if done else 2)
    server.faults.append(Fault("PUT", **lost))  # type: ignore[arg-type]
    ref = dav.update(CALENDAR, ref, event("new", "u"), event("e", "u"))
    assert server.count("PUT") == (2 if done else 4)
    hub = Hub(dav, CALENDAR).pull()
    assert (hub.titles, hub.versions[ref.id]) == (["new"], ref.version)
    server.faults.append(Fault("DELETE", **lost))  # type: ignore[arg-type]
    dav.delete(CALENDAR, ref)
    assert server.count("DELETE") == (1 if done else 2)
    assert server.collections[CALENDAR].items == {}


def test_r06_an_edit_in_between_is_not_overwritten(server: UnkindDav, dav: DavConnector) -> None:
    ref = dav.create(CALENDAR, event("e", "u"), "k")
    server.put(CALENDAR, "u.ics", event("theirs", "u").text)
    server.faults.append(Fault("PUT", drop_before=True))
    with pytest.raises(VersionConflict):
        dav.update(CALENDAR, RemoteRef(ref.id, ref.version), event("ours", "u"), event("e", "u"))
    assert Hub(dav, CALENDAR).pull().titles == ["theirs"]


def test_a_server_that_loses_every_answer_is_given_up_on(server: UnkindDav, dav: DavConnector) -> None:
    server.faults.append(Fault("PUT", drop_before=True, times=99))
    with pytest.raises(OutcomeUnknown):
        dav.create(CALENDAR, event("e", "u"), "k")
