"""EWS <-> hub <-> Graph: the process ends, or an answer gets lost, anywhere in the middle (R05, R06).

A crash is a kill -9 after the n-th request that writes, or after the n-th commit: nothing runs any more, not even what
gives connections back. Then a new process with new connectors goes on from what the store and the servers have.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from storage import tables as t
from sync_engine.errors import OutcomeUnknown, SyncError
from sync_engine.item import Item
from sync_engine.model import Kind
from tests.faults import Crash, Fault, FaultyStore, Script
from tests.integration.microsoft.microsoft365_desk import moved, weekly, without
from tests.integration.microsoft.two_systems import FACE, NAMES, Company, company

_READS = (b"SyncFolderItems", b"GetItem", b"FindItem", b"GetFolder", b"FindFolder", b"GetAttachment", b"ResolveNames")
STEPS = [(Kind.EVENT, "exchange"), (Kind.EVENT, "cloud"), (Kind.CONTACT, "exchange")]  # items of several requests
PHOTO = f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\n"


@pytest.fixture
def firm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path, request.param) as made:
        yield made


def writes(request: requests.PreparedRequest) -> bool:
    """Whether it changes anything at a server."""
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    if (request.url or "").lower().endswith(".asmx"):
        return not any(f"<m:{name.decode()}".encode() in body or b":" + name + b" " in body for name in _READS)
    if (request.url or "").endswith("/$batch"):
        return any(f'"method": "{verb}"'.encode() in body for verb in ("POST", "PATCH", "DELETE", "PUT"))
    return str(request.method) != "GET"


@contextmanager
def mortal(script: Script) -> Iterator[None]:
    """Requests of this process end with the script's crash; servers live on."""
    before: Any = HTTPAdapter.send

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **more: Any) -> Any:
        if script.dead:
            raise Crash
        work = partial(before, adapter, request, **more)
        return script.call("write", work) if writes(request) else work()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", send)
        yield


def rich(firm: Company, title: str, uid: str) -> Item:
    """One that takes several requests: a series with exceptions, a contact with a photo."""
    if firm.kind is Kind.EVENT:
        return weekly(uid, title, without("20260330"), (moved("20260323", summary=title),))
    return firm.item(title, uid, PHOTO if firm.kind is Kind.CONTACT else "")


def richer(firm: Company, title: str, uid: str) -> Item:
    """The same, changed in several places."""
    if firm.kind is Kind.EVENT:
        days = without("20260330", "20260413")
        return weekly(uid, title, days, (moved("20260323", "12", title), moved("20260406", summary=title)))
    return firm.item(title, uid)


def whole(firm: Company, title: str, *, changed: bool) -> bool:
    """Whether the rich one is in both mailboxes with all its parts, and nothing is marked as unfinished."""
    stored = [firm.ada.one(title), firm.bob.one(title)]
    unfinished = [v for one in stored for name, v in one.extended.items() if "Unfinished" in name and v != "-"]
    parts = {(len(one.exceptions), len(one.cancelled)) for one in stored if "ecurrence" in "".join(one.fields)}
    return not unfinished and parts <= {(2, 2) if changed else (1, 1)}


def crash(firm: Company, name: str, at: int) -> bool:
    """A cycle of one system that dies at its n-th step; False where it has fewer."""
    script = Script(Fault.CRASH_AFTER, at)
    with mortal(script):
        try:
            firm.cycle(name, FaultyStore(firm.world.database, script))
        except Crash:
            firm.restart()
            return True
    return False


@pytest.mark.parametrize(("firm", "name"), STEPS[:2], indirect=["firm"])
def test_r05_killed_anywhere_in_creations_updates_and_deletions_nothing_is_doubled_or_lost(
    firm: Company, name: str
) -> None:
    """Each round makes two items, changes one of the last round, and deletes one of the round before and one more."""
    other = next(one for one in NAMES if one != name)
    for at in count():
        firm.world.phone_put(rich(firm, f"rich {at}", f"r{at}"))
        firm.world.phone_put(firm.item(f"plain {at}", f"p{at}"))
        if at > 0:
            firm.world.phone_put(richer(firm, f"rich {at - 1}", f"r{at - 1}"))
            firm.across(name).remove(f"plain {at - 1}")
            firm.world.cycle(other)
        if at > 1:
            firm.world.phone_remove(f"r{at - 2}")
        died = crash(firm, name, at)
        firm.world.settle()
        firm.all_hold(f"rich {at}", f"plain {at}", *([f"rich {at - 1}"] if at else []))
        assert whole(firm, f"rich {at}", changed=False)
        assert not at or whole(firm, f"rich {at - 1}", changed=True)
        assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []
        if not died:
            break
    assert at >= 6
    firm.settle()


@pytest.mark.parametrize(("firm", "name"), STEPS[1:], indirect=["firm"])
def test_r05_killed_while_a_persons_news_are_taken_in(firm: Company, name: str) -> None:
    person = firm.people[name]
    for at in count():
        person.enter(f"new {at}")
        died = crash(firm, name, at)
        firm.world.settle()
        person.remark(f"new {at}", "changed")
        died |= crash(firm, name, at)
        firm.world.settle()
        firm.all_hold(f"new {at}")
        assert firm.across(name).remark_of(f"new {at}") == "changed"
        person.remove(f"new {at}")
        died |= crash(firm, name, at)
        firm.world.settle()
        firm.all_hold()
        assert firm.world.rows(t.conflicts) == []
        if not died:
            break
    assert at >= 1


@pytest.mark.parametrize(("firm", "name"), STEPS[1:], indirect=["firm"])
def test_r06_a_write_whose_answer_is_lost_is_looked_for_and_never_repeated_blindly(firm: Company, name: str) -> None:
    desk = firm.exchange if name == "exchange" else firm.cloud
    for n in range(1, 5 if firm.kind is Kind.EVENT else 3):
        one = f"rich {n}"
        for item in (rich(firm, one, f"r{n}"), richer(firm, one, f"r{n}")):
            firm.world.phone_put(item)
            desk.listening.lose = n
            for _ in range(3):
                try:
                    firm.cycle(name)
                except OutcomeUnknown:
                    continue
            desk.listening.lose = 0
            firm.world.settle()
            firm.all_hold(one)
            assert whole(firm, one, changed=item.text == richer(firm, one, f"r{n}").text)
        firm.world.phone_remove(f"r{n}")
        desk.listening.lose = 1
        for _ in range(2):
            try:
                firm.cycle(name)
            except SyncError:
                continue
        desk.listening.lose = 0
        firm.world.settle()
        firm.all_hold()
    firm.settle()
    assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []
