"""Two accounts and a phone do whatever they like, cycles run and crash in between; then all must be well.

Every run of the tests tries the same orders; ``LONG=n`` tries n times as many, new ones each time.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from connectors.memory import Unkind
from storage import tables as t
from storage.errors import StoreError
from sync_engine.cycle import run_cycle
from sync_engine.errors import AccountError, SuspectListing
from sync_engine.item import Item
from sync_engine.ports import Policy, Prefer
from tests import samples
from tests.faults import Crash, Fault, FaultyConnector, FaultyStore, Script
from tests.world import Side, World

pytestmark = pytest.mark.slow

UIDS = st.sampled_from(["u1", "u2", "u3"])
WHO = st.sampled_from(["a", "b", "phone"])
SIDES = st.sampled_from(["a", "b"])
FIELDS = st.sampled_from(["SUMMARY", "LOCATION", "DESCRIPTION"])
TOKENS = re.compile(r"w\d+w")
MOODS = st.builds(Unkind, no_versions=st.booleans(), quiet_writes=st.booleans(), page_size=st.sampled_from([1, 2, 100]))


class Sync(RuleBasedStateMachine):
    """Every write of a user carries a token that is never used again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world = World.sqlite(self.folder)
        self.count = 0
        self.written: set[str] = set()
        self.over: set[str] = set()  # tokens that a user saw and overwrote or deleted

    @initialize(prefer=st.sampled_from(Prefer), moods=st.tuples(MOODS, MOODS))
    def begin(self, prefer: Prefer, moods: tuple[Unkind, Unkind]) -> None:
        for name, mood in zip("ab", moods, strict=True):
            self.world.bind(name, Policy(prefer=prefer, brake_count=100, write_limit=1000)).account.unkind = mood

    def _token(self) -> str:
        self.count += 1
        self.written.add(f"w{self.count}w")
        return f"w{self.count}w"

    def _held(self, who: str) -> dict[str, Item]:
        return self.world.hub() if who == "phone" else self.world.sides[who].items()

    def _put(self, who: str, item: Item) -> None:
        if who == "phone":
            self.world.phone_put(item)
            return
        side = self.world.sides[who]
        side.put(item, side.id_of(item.uid) if item.uid in side.items() else None)

    # ------------------------------------------------------------ what people do

    @rule(who=WHO, uid=UIDS)
    def create(self, who: str, uid: str) -> None:
        if uid not in self._held(who):
            text = samples.event(uid).text
            for field in ("SUMMARY:Stand-up", "LOCATION:Room 1", "DESCRIPTION:Bring coffee"):
                text = text.replace(field, f"{field.split(':')[0]}:{self._token()}")
            self._put(who, Item.read(text))

    @rule(who=WHO, uid=UIDS, field=FIELDS)
    def edit(self, who: str, uid: str, field: str) -> None:
        item = self._held(who).get(uid)
        if item is not None:
            old = re.search(rf"\r\n{field}:(\w*)\r\n", item.text)
            assert old is not None
            self.over.add(old[1])
            self._put(who, Item.read(item.text.replace(old[0], f"\r\n{field}:{self._token()}\r\n")))

    @rule(who=WHO, uid=UIDS)
    def delete(self, who: str, uid: str) -> None:
        item = self._held(who).get(uid)
        if item is not None:
            self.over |= set(TOKENS.findall(item.text))
            if who == "phone":
                self.world.phone_remove(uid)
            else:
                self.world.sides[who].remove(uid)

    @rule(who=SIDES, uid=UIDS)
    def move(self, who: str, uid: str) -> None:
        """The account gives the item another id, as some do when it is edited in their web page."""
        side = self.world.sides[who]
        if uid in side.items():
            item, old = side.items()[uid], side.id_of(uid)
            self.count += 1
            side.account.put(side.collection, f"{side.collection}{uid}-{self.count}", item)
            side.account.remove(side.collection, old)

    # ------------------------------------------------------------ what programs and machines do

    @rule(who=SIDES)
    def cycle(self, who: str) -> None:
        try:
            self.world.cycle(who)
        except SuspectListing:
            assert not self.world.sides[who].items()

    @rule(who=SIDES, fault=st.sampled_from(Fault), at=st.integers(0, 12))
    def cycle_that_fails(self, who: str, fault: Fault, at: int) -> None:
        script = Script(fault, at)
        cycle = self.world.context(who, FaultyConnector(self.world.sides[who].account, script))
        cycle.store = FaultyStore(self.world.database, script)
        try:
            run_cycle(cycle)
        except SuspectListing:  # by itself only where the last item was deleted at the account (R01)
            assert len(script.calls) > at or not self.world.sides[who].items()
        except (Crash, AccountError, StoreError):
            assert len(script.calls) > at

    @rule(who=SIDES)
    def expire(self, who: str) -> None:
        side = self.world.sides[who]
        side.account.expire_cursors(side.collection)

    @rule(hours=st.integers(1, 3))
    def wait(self, hours: int) -> None:
        self.world.clock.pass_time(hours=hours)

    # ------------------------------------------------------------ and in the end

    def teardown(self) -> None:
        try:
            if self.world.sides:
                self.world.clock.pass_time(days=1)
                self._quiesce()
                self._check()
        finally:
            self.world.database.dispose()
            shutil.rmtree(self.folder)

    def _approve_emptied(self) -> None:
        """What an admin does who emptied a collection on purpose: a listing of nothing is not believed before (R01)."""
        for name in [name for name, side in self.world.sides.items() if not side.items()]:
            self.world.believe_emptied(name)

    def _quiesce(self) -> None:
        self._approve_emptied()
        self.world.settle()
        self._approve_emptied()
        self.world.clock.pass_time(days=1)
        self.world.settle()  # what waited for the settle time

    def _check(self) -> None:
        hub = self.world.hub()
        sides: list[Side] = list(self.world.sides.values())
        for side in sides:
            assert _records(side.items()) == _records(hub)
        assert self.world.rows(t.intents) == self.world.rows(t.quarantine) == self.world.rows(t.holds) == []
        kept = str([item.text for item in hub.values()]) + str([row.fields for row in self.world.rows(t.conflicts)])
        assert self.written - self.over <= set(TOKENS.findall(kept))
        for side in sides:
            spy = FaultyConnector(side.account)
            assert self.world.cycle(side.name, spy).changes == 0
            assert spy.script.calls == ["changes"]


def _records(items: dict[str, Item]) -> dict[str, Any]:
    return {uid: item.record for uid, item in items.items()}


def _run(examples: int, steps: int) -> None:
    quick = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize="LONG" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Sync, settings=quick)


def test_whatever_happens_all_sides_agree_in_the_end() -> None:
    _run(60, 20)


@pytest.mark.slow
def test_whatever_happens_for_long_all_sides_agree_in_the_end() -> None:
    _run(80 * int(os.environ.get("LONG", "1")), 30)
