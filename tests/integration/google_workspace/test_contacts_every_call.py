"""Over a fixed script the n-th request of a hub with Ada's contacts fails, for every n: nothing is lost or doubled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.google_workspace.contacts_desk import card, parts_desk
from tests.integration.google_workspace.test_contacts_sync import MUCH, Bound, HubClock
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.server import Google
from tests.world import World

CALLS = 25  # of the script, when nothing fails
KINDS: dict[str, dict[str, Any]] = {
    "done, and the answer lost": {"status": 503, "reason": "backendError", "after": True},
    "not done": {"status": 503, "reason": "backendError"},
    "cut off": {"drop": True, "after": True},
    "a page of a portal": {"page": b"<!DOCTYPE html><title>Sign in</title>"},
}


class NthFails(list[Fault]):
    """Faults of a server that befall one call only."""

    def __init__(self, google: Google, number: int, **fault: Any) -> None:
        super().__init__()
        self._google, self._number, self._fault = google, number, fault

    def __iter__(self):  # type: ignore[no-untyped-def]
        if len(self._google.requests) == self._number:
            self.append(Fault(**self._fault))
            self._number = -1
        return super().__iter__()


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_r05_the_nth_request_fails(tmp_path: Path, number: int) -> None:
    kind = list(KINDS.values())[number % len(KINDS)]
    world = World.sqlite(tmp_path)
    with parts_desk(HubClock(world)) as desk:
        desk.google.people.switches.lag = timedelta(minutes=2)
        bound = Bound(desk, world, desk.contacts())
        bound.bind()
        google = desk.google
        google.faults = NthFails(google, number, **kind)
        bob = desk.book.add({"names": [{"givenName": "Bob"}], "phoneNumbers": [{"value": "1"}]})
        world.phone_put(card("Ada", "ada", MUCH))
        world.phone_put(card("Eve", "eve", "CATEGORIES:Golf\r\n"))
        bound.minutes(2, each=4)
        desk.book.change(bob.name, {"nicknames": [{"value": "Robert"}]})
        world.phone_edit("ada", lambda text: text.replace("Countess", "Lady").replace("Golf,Work", "Golf,Chess"))
        bound.minutes(2, each=4)
        if "eve" in world.hub():
            world.phone_remove("eve")
        bound.minutes(2, each=4)
        bound.minutes(3, each=10)
        bound.both_hold("Ada", "Bob")
        assert (bound.contact("ada").nicknames, bound.contact("ada").categories) == (("Lady",), ("Chess", "Golf"))
        assert len(google.requests) >= CALLS
        assert sorted(one.fields["name"] for one in desk.book.groups.living()) == ["Chess", "Golf", "Work"]
