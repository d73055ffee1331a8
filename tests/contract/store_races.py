"""Transactions that meet, and leases: a part of the store's contract."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import tables
from storage.database import run
from storage.pruning import Pruned, prune
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.ports import Origin
from tests import samples
from tests.contract.store_items import ACCOUNT, PHONE, count, intent_for, link_for
from tests.databases import Hub, hub_in

WRITERS = 4
EACH = 12


class RacesContract:
    """Behaviour of a `Store` that several threads use, and as it ages."""

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def hub(self, url: str) -> Iterator[Hub]:
        with hub_in(url) as hub:
            yield hub

    def test_numbers_are_given_in_the_order_of_commits(self, hub: Hub) -> None:
        """A reader that goes on from the last number it saw misses nothing."""
        done = threading.Event()

        def write(writer: int) -> None:
            for number in range(EACH):
                with hub.database.begin() as unit:
                    unit.create_item(hub.collection, samples.card(f"{writer}-{number}-a"), PHONE)
                    unit.flush()
                    unit.create_item(hub.collection, samples.card(f"{writer}-{number}-b"), PHONE)

        def follow() -> list[int]:
            seen: list[int] = []
            while True:
                last_round = done.is_set()
                with hub.database.read() as unit:
                    seen += [i.seq for i in unit.changed_items(hub.collection, seen[-1] if seen else 0, 1000)]
                if last_round:
                    return seen

        with ThreadPoolExecutor(WRITERS + 1) as pool:
            follower = pool.submit(follow)
            for written in [pool.submit(write, n) for n in range(WRITERS)]:
                written.result(60)
            done.set()
            assert follower.result(60) == list(range(1, 2 * WRITERS * EACH + 1))

    def test_what_is_read_after_the_lock_is_not_changed_by_others(self, hub: Hub) -> None:
        with hub.database.begin() as unit:
            item = unit.create_item(hub.collection, samples.event(summary="0"), PHONE)

        def add_one(_: int) -> None:
            with hub.database.begin() as unit:
                unit.lock_collection(hub.collection)
                text = unit.texts([unit.items([item.id])[item.id].revision_id]).popitem()[1]
                number = int(text.partition("SUMMARY:")[2].partition("\r\n")[0])
                unit.update_item(item.id, samples.event(summary=str(number + 1)), PHONE)

        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(add_one, range(20)))
        with hub.database.read() as unit:
            assert unit.session.connection.execute(select(tables.events.c.summary)).scalar_one() == "20"
            assert unit.collection_seq(hub.collection) == 21

    def test_transactions_that_lock_each_other_out_both_happen(self, hub: Hub) -> None:
        first_locks = threading.Barrier(2)
        tries: list[int] = []

        def cross(here: int, there: int) -> None:
            def work(unit: SqlUnitOfWork) -> None:
                tries.append(here)
                unit.lock_collection(here)
                if hub.database.engine.dialect.name != "sqlite" and len(tries) <= 2:
                    first_locks.wait(30)
                unit.create_item(there, samples.card(f"from-{here}"), PHONE)

            run(hub.database, work)

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(cross, 1, 2), pool.submit(cross, 2, 1)]
            for one in both:
                one.result(60)
        with hub.database.read() as unit:
            assert (unit.collection_seq(1), unit.collection_seq(2)) == (1, 1)
        assert len(tries) == (2 if hub.database.engine.dialect.name == "sqlite" else 3)

    def test_one_worker_at_a_time_has_a_lease(self, hub: Hub) -> None:
        with hub.database.lease(1) as mine, hub.database.lease(1) as too, hub.database.lease(2) as other:
            assert (mine, too, other) == (True, False, True)
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(self.try_lease, hub).result(30) is False
        assert self.try_lease(hub)

    def try_lease(self, hub: Hub) -> bool:
        with hub.database.lease(1) as got:
            return got

    def test_a_lease_is_given_back_by_an_exception(self, hub: Hub) -> None:
        with pytest.raises(ZeroDivisionError), hub.database.lease(1):
            raise ZeroDivisionError
        assert self.try_lease(hub)

    # ------------------------------------------------------------ forgetting

    def test_pruning_keeps_every_text_that_something_needs(self, hub: Hub) -> None:
        with hub.database.begin() as unit:
            item = unit.create_item(hub.collection, samples.event(summary="0"), PHONE)
            versions = [unit.update_item(item.id, samples.event(summary=str(n)), PHONE) for n in range(1, 6)]
            base, sent, loser, nobodys, current = (v.revision_id for v in versions)
            echo, other = unit.keep_revision(item.id, "echo", ACCOUNT), unit.keep_revision(item.id, "old", ACCOUNT)
            unit.save_link(link_for(item, "r1", base_revision=base, echo_revision=echo))
            unit.add_intents([intent_for(item, "k", revision_id=sent)])
            unit.add_conflict(1, item.id, [], current, loser)
        after = hub.clock() + timedelta(seconds=1)
        with hub.database.begin() as unit:
            young = unit.keep_revision(item.id, "young", ACCOUNT)
        assert prune(hub.database, after) == Pruned(revisions=3)
        with hub.database.read() as unit:
            asked = [item.revision_id, base, sent, loser, nobodys, current, echo, other, young]
            assert set(unit.texts(asked)) == {base, sent, loser, current, echo, young}
            assert unit.items([item.id])[item.id].revision_id == current

    def test_pruning_forgets_tombstones_and_raises_the_floor(self, hub: Hub) -> None:
        with hub.database.begin() as unit:
            a, b, c, d = (unit.create_item(hub.collection, samples.card(uid), PHONE) for uid in "abcd")
            unit.save_link(link_for(b, "r1"))
            for item in (a, b, c):
                unit.delete_item(item.id, PHONE)
        assert prune(hub.database, hub.clock() - timedelta(days=1)) == Pruned()
        assert prune(hub.database, hub.clock()) == Pruned(tombstones=2)  # b is linked: its tombstone and last text stay
        with hub.database.read() as unit:
            assert set(unit.items([a.id, b.id, c.id, d.id])) == {b.id, d.id}
            floors = unit.session.connection.execute(
                select(tables.collections.c.floor).order_by(tables.collections.c.id)
            )
            assert floors.scalars().all() == [7, 0]
        with hub.database.begin() as unit:
            back = unit.create_item(hub.collection, samples.card("a"), Origin("admin"))
            assert (back.seq, count(unit, "items")) == (8, 3)

    def test_pruning_works_through_many_rows(self, hub: Hub) -> None:
        with hub.database.begin() as unit:
            items = [unit.create_item(hub.collection, samples.card(f"c{n}"), PHONE) for n in range(1203)]
            for item in items[3:]:
                unit.delete_item(item.id, PHONE)
            kept = [unit.keep_revision(items[0].id, f"old {n}", ACCOUNT) for n in range(1100)]
        assert prune(hub.database, hub.clock()) == Pruned(revisions=1100, tombstones=1200)
        with hub.database.read() as unit:
            assert unit.texts(kept) == {}
            assert unit.changed_items(hub.collection, 0, 9) == items[:3]
