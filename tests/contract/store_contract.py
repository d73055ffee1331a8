"""What every database must do for the engine. A subclass gives the fixture `url`: a database with our tables, empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from storage import tables
from storage.errors import StoreRefused
from sync_engine.ports import (
    FieldConflict,
    IntentState,
    LinkState,
    Operation,
    Prefer,
    Role,
    Trouble,
)
from tests import samples
from tests.contract.store_items import ACCOUNT, PHONE, ItemsContract, count, intent_for, link_for
from tests.databases import Hub


class StoreContract(ItemsContract):
    """Behaviour of a `Store`."""

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    # ------------------------------------------------------------ links

    def test_links_are_found_by_both_ends(self, hub: Hub) -> None:
        one, two = self.add(hub, samples.event("a"), samples.event("b"))
        when = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=UTC)
        with hub.database.begin() as unit:
            first = unit.save_link(link_for(one, "r1", pushed_at=when, echo_revision=one.revision_id, window_writes=3))
            second = unit.save_link(link_for(two, "r2"))
            assert 0 < first.id != second.id > 0
        with hub.database.read() as unit:
            assert unit.links(1, ["r1", "r2", "r3"]) == {"r1": first, "r2": second}
            assert unit.links_of_items(1, [two.id, 999]) == {two.id: second}
            assert unit.links(2, ["r1"]) == {}
            assert unit.count_links(1) == 2

    def test_a_link_is_changed_and_forgotten(self, hub: Hub) -> None:
        one, two = self.add(hub, samples.event("a"), samples.event("b"))
        with hub.database.begin() as unit:
            first, second = unit.save_link(link_for(one, "r1")), unit.save_link(link_for(two, "r2"))
        missing = replace(first, state=LinkState.MISSING, missing_since=hub.clock(), remote_version="")
        with hub.database.begin() as unit:
            assert unit.save_link(missing) == missing
        with hub.database.begin() as unit:
            assert unit.missing_links(1) == [missing]
            assert unit.linked_remote_ids(1) == ["r2"]
            assert unit.count_links(1) == 2
            unit.delete_link(first.id)
            assert unit.links(1, ["r1", "r2"]) == {"r2": second}
            with pytest.raises(StoreRefused):
                unit.save_link(first)

    def test_an_item_has_one_link_in_a_binding(self, hub: Hub) -> None:
        (one,) = self.add(hub, samples.event("a"))
        with hub.database.begin() as unit:
            unit.save_link(link_for(one, "r1"))
        with pytest.raises(StoreRefused), hub.database.begin() as unit:
            unit.save_link(link_for(one, "r2"))

    # ------------------------------------------------------------ meetings

    def test_r12_links_with_a_role_are_found_from_the_other_bindings(self, hub: Hub) -> None:
        one, two, three = self.add(hub, samples.event("a"), samples.event("b"), samples.event("c"))
        with hub.database.begin() as unit:
            organizer = unit.save_link(link_for(one, "r1", role=Role.ORGANIZER))
            guest = unit.save_link(link_for(one, "g1", binding_id=2, role=Role.GUEST))
            unit.save_link(link_for(two, "r2"))
            unit.save_link(link_for(two, "g2", binding_id=2))
            unit.save_link(link_for(three, "g3", binding_id=2, role=Role.GUEST, state=LinkState.LEFT))
        with hub.database.read() as unit:
            everything = [one.id, two.id, three.id]
            assert unit.meeting_links(2, everything) == {one.id: [organizer]}
            assert unit.meeting_links(1, everything) == {one.id: [guest]}
            assert unit.meeting_links(1, [two.id]) == {}

    def test_r13_guests_are_let_go_and_count_no_more(self, hub: Hub) -> None:
        one, two = self.add(hub, samples.event("a"), samples.event("b"))
        with hub.database.begin() as unit:
            organizer = unit.save_link(link_for(one, "r1", role=Role.ORGANIZER))
            guest = unit.save_link(link_for(one, "g1", binding_id=2, role=Role.GUEST))
            other = unit.save_link(link_for(two, "g2", binding_id=2, role=Role.GUEST))
        with hub.database.begin() as unit:
            unit.let_go([one.id])
        with hub.database.read() as unit:
            left = replace(guest, state=LinkState.LEFT)
            assert unit.links(2, ["g1", "g2"]) == {"g1": left, "g2": other}
            assert unit.links(1, ["r1"]) == {"r1": organizer}
            assert (unit.count_links(1), unit.count_links(2)) == (1, 1)
            assert unit.linked_remote_ids(2) == ["g2"]
            assert unit.missing_links(2) == []

    def test_r12_an_item_is_known_by_the_uids_that_remotes_give_it(self, hub: Hub) -> None:
        one, two = self.add(hub, samples.event("a"), samples.event("b"))
        with hub.database.begin() as unit:
            unit.save_link(link_for(one, "r1", remote_uid="X"))
            unit.save_link(link_for(two, "r2", remote_uid="a"))
        with hub.database.begin() as unit:
            assert unit.items_by_remote_uid(hub.collection, ["X", "a", "b", "x"]) == {"X": one, "a": two}
            assert unit.items_by_uid(hub.collection, ["X", "a"]) == {"a": one}
            assert unit.items_by_remote_uid(hub.collection + 1, ["X"]) == {}
            gone = unit.delete_item(one.id, PHONE)
            assert unit.items_by_remote_uid(hub.collection, ["X", "a"]) == {"X": gone, "a": two}
            unit.save_link(link_for(two, "g3", binding_id=2, remote_uid="X"))
            assert unit.items_by_remote_uid(hub.collection, ["X"]) == {"X": two}  # one that lives is better

    def test_long_lists_are_read_in_parts(self, hub: Hub) -> None:
        made = self.add(hub, *(samples.card(f"c-{n}") for n in range(1100)))
        with hub.database.begin() as unit:
            for item in made:
                unit.save_link(link_for(item, f"r{item.id}"))
        with hub.database.begin() as unit:
            assert len(unit.items([item.id for item in made] * 2)) == 1100
            assert len(unit.links(1, [f"r{item.id}" for item in made])) == 1100
            assert len(unit.texts([item.revision_id for item in made])) == 1100
            unit.add_intents(intent_for(item, f"k{item.id}") for item in made)
            queued = unit.intents(1, [IntentState.READY], 2000)
            unit.set_intent_state([intent.id for intent in queued], IntentState.SENT)
            unit.delete_intents([intent.id for intent in queued[1:]])
            assert unit.intents(1, [IntentState.SENT], 2000) == [replace(queued[0], state=IntentState.SENT, tries=1)]

    # ------------------------------------------------------------ the outbox

    def test_an_intent_replaces_an_older_one_that_was_not_sent(self, hub: Hub) -> None:
        one, two = self.add(hub, samples.event("a"), samples.event("b"))
        with hub.database.begin() as unit:
            unit.add_intents([intent_for(one, "k1"), intent_for(two, "k2"), intent_for(one, "h1", binding=2)])
            (sent,) = (i for i in unit.intents(1, [IntentState.READY], 9) if i.item_id == two.id)
            unit.set_intent_state([sent.id], IntentState.SENT)
            unit.add_intents([intent_for(one, "k3", operation=Operation.DELETE), intent_for(two, "k4")])
        with hub.database.read() as unit:
            (ready,) = unit.intents(1, [IntentState.READY], 9)
            assert (ready.item_id, ready.key, ready.operation, ready.tries) == (one.id, "k3", Operation.DELETE, 0)
            (under_way,) = unit.intents(1, [IntentState.SENT, IntentState.HELD], 9)
            assert (under_way.key, under_way.tries) == ("k2", 1)
            assert [i.key for i in unit.intents(2, list(IntentState), 9)] == ["h1"]

    def test_intents_come_oldest_first(self, hub: Hub) -> None:
        made = self.add(hub, *(samples.event(f"e{n}") for n in range(4)))
        with hub.database.begin() as unit:
            for item in reversed(made):
                unit.add_intents([intent_for(item, f"k{item.id}")])
            unit.set_intent_state([unit.intents(1, [IntentState.READY], 1)[0].id], IntentState.FAILED)
        with hub.database.read() as unit:
            ready = unit.intents(1, [IntentState.READY], 2)
            assert [intent.item_id for intent in ready] == [made[2].id, made[1].id]
            assert [i.item_id for i in unit.intents(1, [IntentState.FAILED], 9)] == [made[3].id]

    # ------------------------------------------------------------ bindings

    def test_cursors_are_remembered(self, hub: Hub) -> None:
        with hub.database.begin() as unit:
            unit.set_cursor(hub.binding, "sync-token:é" * 200)
            unit.set_hub_cursor(hub.binding, 42)
        with hub.database.begin() as unit:
            found = unit.binding(hub.binding)
            assert (found.name, found.account, found.collection_id, found.remote_id) == ("work", "work", 1, "/cal/")
            assert (found.cursor, found.hub_cursor, found.approved) == ("sync-token:é" * 200, 42, True)
            assert unit.binding(hub.other_binding).cursor is None
            unit.set_cursor(hub.binding, None)
            assert unit.binding(hub.binding).cursor is None
            with pytest.raises(StoreRefused):
                unit.binding(99)

    def test_r02_held_deletions_are_recorded_and_an_approval_is_used_up(self, hub: Hub) -> None:
        with hub.database.begin() as unit:
            unit.hold(1, "hub", "too many", ["Dinner"], [1, 2])
            unit.hold(1, "hub", "far too many", ["Dinner", "Lunch"], [1, 2, 3])
            unit.hold(1, "remote", "many", [], [4])
            assert (unit.held(1, "hub"), unit.held(1, "remote"), unit.held(2, "hub")) == (
                frozenset({1, 2, 3}),
                frozenset({4}),
                frozenset(),
            )
            unit.release_hold(1, "hub")
            assert (unit.held(1, "hub"), unit.held(1, "remote")) == (frozenset(), frozenset({4}))
            assert unit.approved_items(1, "remote") == unit.refused_items(1) == set()
            assert unit.binding(1).approved
            unit.use_up_approval(1)
            assert not unit.binding(1).approved

    # ------------------------------------------------------------ conflicts and quarantine

    def test_r07_a_conflict_keeps_both_sides(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        with hub.database.begin() as unit:
            lost = unit.keep_revision(made.id, "lost", ACCOUNT)
            unit.add_conflict(1, made.id, [FieldConflict("summary", "a", "b", "ç", Prefer.HUB)], made.revision_id, lost)
        with hub.database.read() as unit:
            row = unit.session.connection.execute(select(tables.conflicts)).one()
        assert (row.item_id, row.hub_revision, row.remote_revision) == (made.id, made.revision_id, lost)
        assert row.fields == ('[{"field": "summary", "base": "a", "hub": "b", "remote": "\\u00e7", "kept": "hub"}]')

    def test_r26_a_quarantine_entry_says_what_happened_and_counts(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        first = Trouble(
            "read", "Its zone is broken", "Dinner", "20260310T090000", "said", "raw\0text", "r1", "v1", None, "u"
        )
        with hub.database.begin() as unit:
            unit.quarantine(1, first)
            unit.quarantine(1, replace(first, message="Still broken", remote_version=""))
            unit.quarantine(1, Trouble("update", "m" * 5000, item_id=made.id))
        with hub.database.begin() as unit:
            assert unit.quarantined(1, ["r1", "r2", ""]) == {
                "r1": replace(first, message="Still broken", remote_version="", raw="raw\ufffdtext")
            }
            assert list(unit.quarantined_uids(1, ["u", ""])) == ["u"]
            assert unit.to_read_again(1) == ["r1"]
            rows = unit.session.connection.execute(select(tables.quarantine).order_by(tables.quarantine.c.id)).all()
            assert [(row.tries, row.first_at < row.last_at) for row in rows] == [(2, True), (1, False)]
            unit.release(1, remote_ids=["r1", "r9"])
            assert count(unit, "quarantine") == 1
            unit.release(2, item_ids=[made.id])
            assert count(unit, "quarantine") == 1
            unit.release(1, item_ids=[made.id])
            assert count(unit, "quarantine") == 0

    # ------------------------------------------------------------ transactions

    def test_an_exception_undoes_everything(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        with pytest.raises(ZeroDivisionError), hub.database.begin() as unit:  # noqa: PT012
            unit.create_item(hub.collection, samples.card(), PHONE)
            unit.update_item(made.id, samples.event(summary="Lost"), PHONE)
            unit.set_cursor(hub.binding, "lost")
            unit.flush()
            raise ZeroDivisionError
        with hub.database.begin() as unit:
            assert unit.changed_items(hub.collection, 0, 9) == [made]
            assert unit.collection_seq(hub.collection) == 1
            assert unit.binding(1).cursor is None
            assert [count(unit, t) for t in ("revisions", "contacts")] == [1, 0]

    def test_a_reader_sees_one_moment(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        with hub.database.read() as reader:
            assert reader.changed_items(hub.collection, 0, 9) == [made]
            self.add(hub, samples.card())
            assert reader.changed_items(hub.collection, 0, 9) == [made]
            assert reader.collection_seq(hub.collection) == 1

    def test_a_reader_cannot_write(self, hub: Hub) -> None:
        with hub.database.read() as unit, pytest.raises(StoreRefused):
            unit.set_cursor(hub.binding, "x")
