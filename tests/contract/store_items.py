"""Items in a store: a part of its contract (store_contract.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC

import pytest
from sqlalchemy import func, select

from storage import tables
from storage.errors import StoreRefused
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import Rejected
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import (
    HubItem,
    Intent,
    Link,
    Operation,
    Origin,
    Trouble,
)
from tests import samples
from tests.databases import Hub, hub_in

PHONE = Origin("user ada, device phone")
ACCOUNT = Origin("account work", run_id=7)


def link_for(item: HubItem, remote_id: str, **more: object) -> Link:
    """A new link of binding 1."""
    return replace(Link(0, 1, item.id, remote_id, '"v1"', item.uid, item.revision_id), **more)  # type: ignore[arg-type]


def intent_for(item: HubItem, key: str, binding: int = 1, **more: object) -> Intent:
    """A new intent to update."""
    return replace(Intent(0, binding, item.id, Operation.UPDATE, key, item.revision_id), **more)  # type: ignore[arg-type]


def count(unit: SqlUnitOfWork, table: str) -> int:
    """Rows of a table."""
    unit.flush()
    return unit.session.connection.execute(select(func.count()).select_from(tables.metadata.tables[table])).scalar_one()


class ItemsContract:
    """Behaviour of a `Store` with items."""

    @pytest.fixture
    def hub(self, url: str) -> Iterator[Hub]:
        with hub_in(url) as hub:
            yield hub

    def add(self, hub: Hub, *items: Item) -> list[HubItem]:
        """Committed items."""
        with hub.database.begin() as unit:
            return [unit.create_item(hub.collection, item, PHONE) for item in items]

    # ------------------------------------------------------------ items

    def test_an_item_is_found_again_with_its_exact_text(self, hub: Hub) -> None:
        written = samples.event("ev-1", "Grüezi 👋 'quoted' \\n %s :x")
        (made,) = self.add(hub, written)
        with hub.database.read() as unit:
            assert unit.items([made.id, 999]) == {made.id: made}
            assert unit.items_by_uid(hub.collection, ["ev-1", "ev-2"]) == {"ev-1": made}
            assert unit.texts([made.revision_id]) == {made.revision_id: written.text}
            assert unit.items_by_uid(hub.other_collection, ["ev-1"]) == {}
        assert (made.kind, made.uid, made.seq, made.deleted) == (Kind.EVENT, "ev-1", 1, False)

    def test_all_kinds_of_items_are_stored(self, hub: Hub) -> None:
        made = self.add(hub, samples.event(), samples.series(), samples.task(), samples.card())
        with hub.database.read() as unit:
            assert [item.kind for item in unit.items([m.id for m in made]).values()] == [
                Kind.EVENT, Kind.EVENT, Kind.TASK, Kind.CONTACT,
            ]  # fmt: skip

    def test_what_was_written_is_read_in_the_same_transaction(self, hub: Hub) -> None:
        with hub.database.begin() as unit:
            made = unit.create_item(hub.collection, samples.event(), PHONE)
            assert unit.items([made.id]) == {made.id: made}
            changed = unit.update_item(made.id, samples.event(summary="Other"), PHONE)
            assert unit.changed_items(hub.collection, 0, 9) == [changed]
            gone = unit.delete_item(made.id, PHONE)
            again = unit.create_item(hub.collection, samples.event(), PHONE)
            assert unit.items_by_uid(hub.collection, ["ev-1"]) == {"ev-1": again}
            assert unit.items([made.id]) == {made.id: gone}
            assert unit.collection_seq(hub.collection) == 4

    def test_an_unchanged_text_makes_no_revision_and_no_number(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        with hub.database.begin() as unit:
            assert unit.update_item(made.id, samples.event(), ACCOUNT) == made
            assert count(unit, "revisions") == 1
            assert unit.collection_seq(hub.collection) == 1

    def test_a_change_makes_a_revision_and_a_number(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        with hub.database.begin() as unit:
            changed = unit.update_item(made.id, samples.event(summary="Later"), ACCOUNT)
        assert (changed.id, changed.seq) == (made.id, 2)
        with hub.database.read() as unit:
            texts = unit.texts([made.revision_id, changed.revision_id])
            assert texts == {
                made.revision_id: samples.event().text,
                changed.revision_id: samples.event(summary="Later").text,
            }
            row = unit.session.connection.execute(
                select(tables.revisions).where(tables.revisions.c.id == changed.revision_id)
            ).one()
        assert (row.actor, row.run_id, row.role) == ("account work", 7, "current")
        assert row.at.tzinfo is UTC

    def test_a_deleted_item_is_a_tombstone_that_keeps_its_text(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        with hub.database.begin() as unit:
            gone = unit.delete_item(made.id, PHONE)
            assert unit.delete_item(made.id, PHONE) == gone
        assert gone == replace(made, seq=2, deleted=True)
        with hub.database.read() as unit:
            assert unit.items_by_uid(hub.collection, ["ev-1"]) == {"ev-1": gone}
            assert unit.texts([gone.revision_id]) == {gone.revision_id: samples.event().text}
            assert unit.collection_seq(hub.collection) == 2

    def test_a_tombstone_comes_back_under_its_own_id(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        with hub.database.begin() as unit:
            unit.delete_item(made.id, PHONE)
        with hub.database.begin() as unit:
            back = unit.update_item(made.id, samples.event(), ACCOUNT)
        assert (back.id, back.deleted, back.seq) == (made.id, False, 3)
        with hub.database.read() as unit:
            assert unit.items_by_uid(hub.collection, ["ev-1"]) == {"ev-1": back}

    def test_the_newest_tombstone_is_found_by_uid(self, hub: Hub) -> None:
        for _ in range(3):
            (made,) = self.add(hub, samples.event())
            with hub.database.begin() as unit:
                last = unit.delete_item(made.id, PHONE)
        with hub.database.read() as unit:
            assert unit.items_by_uid(hub.collection, ["ev-1"]) == {"ev-1": last}

    def test_two_living_items_never_share_a_uid(self, hub: Hub) -> None:
        self.add(hub, samples.event())
        with pytest.raises(StoreRefused):
            self.add(hub, samples.event(summary="Other"))

    def test_r29_uids_hrefs_and_remote_ids_differ_by_case(self, hub: Hub) -> None:
        small, large = self.add(hub, samples.event("abc"), samples.event("ABC"))
        with hub.database.begin() as unit:
            unit.save_link(link_for(small, "/cal/x.ics"))
            unit.save_link(link_for(large, "/cal/X.ics"))
            unit.quarantine(1, Trouble("read", "bad", remote_id="/cal/q", uid="u"))
            unit.quarantine(1, Trouble("read", "bad", remote_id="/cal/Q", uid="U"))
        with hub.database.read() as unit:
            assert unit.items_by_uid(hub.collection, ["abc"]) == {"abc": small}
            assert unit.items_by_uid(hub.collection, ["ABC"]) == {"ABC": large}
            assert unit.items_by_uid(hub.collection, ["Abc"]) == {}
            assert {k: v.item_id for k, v in unit.links(1, ["/cal/x.ics"]).items()} == {"/cal/x.ics": small.id}
            assert unit.links(1, ["/CAL/x.ics"]) == {}
            assert set(unit.quarantined(1, ["/cal/q"])) == {"/cal/q"}
            assert set(unit.quarantined_uids(1, ["U"])) == {"U"}

    @pytest.mark.parametrize("uid", ["x" * 701, "x" * 5000])
    def test_an_item_that_cannot_be_stored_is_refused_and_the_others_go_on(self, hub: Hub, uid: str) -> None:
        with hub.database.begin() as unit:
            unit.create_item(hub.collection, samples.event("one"), PHONE)
            with pytest.raises(Rejected, match="UID"):
                unit.create_item(hub.collection, samples.event(uid), PHONE)
            with pytest.raises(Rejected, match="NUL"):
                unit.create_item(hub.collection, Item(Kind.EVENT, "nul", "a\0b", samples.event().record), PHONE)
            with pytest.raises(Rejected, match="half"):
                unit.create_item(hub.collection, Item(Kind.EVENT, "half", "a\ud800b", samples.event().record), PHONE)
            unit.create_item(hub.collection, samples.event("two"), PHONE)
        with hub.database.read() as unit:
            assert [item.uid for item in unit.changed_items(hub.collection, 0, 9)] == ["one", "two"]

    def test_kept_texts_are_not_the_item_s_own(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event())
        with hub.database.begin() as unit:
            kept = unit.keep_revision(made.id, "what the remote holds", ACCOUNT)
        with hub.database.read() as unit:
            assert unit.items([made.id]) == {made.id: made}
            assert unit.texts([kept]) == {kept: "what the remote holds"}
            assert unit.collection_seq(hub.collection) == 1

    def test_changes_come_in_order_and_in_parts(self, hub: Hub) -> None:
        made = self.add(hub, *(samples.event(f"ev-{n}") for n in range(5)))
        with hub.database.begin() as unit:
            gone = unit.delete_item(made[1].id, PHONE)
            changed = unit.update_item(made[0].id, samples.event("ev-0", "Later"), PHONE)
        with hub.database.read() as unit:
            assert unit.changed_items(hub.collection, 0, 2) == made[2:4]
            assert unit.changed_items(hub.collection, 4, 9) == [made[4], gone, changed]
            assert unit.changed_items(hub.collection, changed.seq, 9) == []

    def test_look_alikes_are_alive_and_not_linked_by_this_binding(self, hub: Hub) -> None:
        same = [samples.event(uid, "Dinner") for uid in ("a", "b", "c", "d")]
        linked, free, dead, other = self.add(hub, *same)
        print_ = self.fingerprint(hub, free)
        with hub.database.begin() as unit:
            unit.save_link(link_for(linked, "r1"))
            unit.save_link(link_for(other, "r2", binding_id=hub.other_binding))
            unit.delete_item(dead.id, PHONE)
        with hub.database.read() as unit:
            assert unit.look_alikes(hub.binding, hub.collection, [print_, "", "none"]) == {print_: [free, other]}
            assert unit.look_alikes(hub.binding, hub.other_collection, [print_]) == {}

    def fingerprint(self, hub: Hub, item: HubItem) -> str:
        """As stored."""
        with hub.database.read() as unit:
            statement = select(tables.items.c.fingerprint).where(tables.items.c.id == item.id)
            found: str = unit.session.connection.execute(statement).scalar_one()
        return found

    # ------------------------------------------------------------ names in the URL

    def href(self, hub: Hub, item: HubItem) -> str:
        """As stored."""
        with hub.database.read() as unit:
            statement = select(tables.items.c.href).where(tables.items.c.id == item.id)
            found: str = unit.session.connection.execute(statement).scalar_one()
        return found

    def test_hrefs_come_from_safe_uids_and_else_from_a_digest(self, hub: Hub) -> None:
        plain, mail, path, card = self.add(
            hub, samples.event("ev-1"), samples.event("a@b.c"), samples.event("../x/y"), samples.card("Ca_1")
        )
        assert [self.href(hub, item) for item in (plain, mail, card)] == ["ev-1.ics", "a@b.c.ics", "Ca_1.vcf"]
        assert "/" not in self.href(hub, path)
        assert len(self.href(hub, path)) == 36

    def test_a_chosen_href_is_kept_and_never_taken_twice(self, hub: Hub) -> None:
        with hub.database.begin() as unit:
            made = unit.create_item(hub.collection, samples.event("a"), PHONE, href="b.ics")
        assert self.href(hub, made) == "b.ics"
        with pytest.raises(StoreRefused), hub.database.begin() as unit:
            unit.create_item(hub.collection, samples.event("c"), PHONE, href="b.ics")
        (other,) = self.add(hub, samples.event("b"))
        assert self.href(hub, other) not in {"b.ics", ""}

    def test_a_deleted_name_comes_back_with_its_uid_and_else_goes_to_the_new_item(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event("a"))
        with hub.database.begin() as unit:
            unit.delete_item(made.id, PHONE)
            back = unit.create_item(hub.collection, samples.event("a", "Again"), PHONE, href="a.ics")
        assert back.id == made.id
        with hub.database.begin() as unit:
            unit.delete_item(made.id, PHONE)
            new = unit.create_item(hub.collection, samples.event("z"), PHONE, href="a.ics")
        assert new.id != made.id
        assert self.href(hub, new) == "a.ics"
        assert self.href(hub, made) != "a.ics"

    def test_an_item_can_be_renamed_and_its_old_name_used_again(self, hub: Hub) -> None:
        (made,) = self.add(hub, samples.event("a"))
        with hub.database.begin() as unit:
            moved = unit.update_item(made.id, samples.event("a"), PHONE, href="new.ics")
            other = unit.create_item(hub.collection, samples.event("b"), PHONE, href="a.ics")
        assert (self.href(hub, moved), self.href(hub, other)) == ("new.ics", "a.ics")
        assert (moved.revision_id, moved.seq) == (made.revision_id, 2)

    # ------------------------------------------------------------ what people query

    def test_query_tables_follow_the_item(self, hub: Hub) -> None:
        event, card, task = self.add(hub, samples.event(), samples.card(), samples.task())
        with hub.database.begin() as unit:
            assert [count(unit, t) for t in ("events", "event_attendees", "contacts", "tasks")] == [1, 1, 1, 1]
            unit.update_item(event.id, samples.event(summary="Sit-down"), PHONE)
            unit.delete_item(card.id, PHONE)
            unit.delete_item(task.id, PHONE)
            found = unit.session.look(select(tables.events.c.summary, tables.events.c.item_id)).all()
            assert [tuple(row) for row in found] == [("Sit-down", event.id)]
            assert [count(unit, t) for t in ("contacts", "contact_emails", "contact_phones", "tasks")] == [0, 0, 0, 0]
            unit.update_item(card.id, samples.card(name="Ada King"), PHONE)
            assert unit.session.look(select(tables.contacts.c.full_name)).scalars().all() == ["Ada King"]

    @pytest.mark.parametrize("day", ["00010101", "99991231"])
    def test_times_at_the_ends_of_the_calendar_are_stored(self, hub: Hub, day: str) -> None:
        self.add(hub, samples.event(day=day))
        with hub.database.read() as unit:
            assert unit.session.connection.execute(select(tables.events.c.starts_at)).scalar_one().year in {1, 9999}
            assert unit.session.connection.execute(select(tables.items.c.range_start)).scalar_one().year in {1, 9999}

    def test_values_for_people_are_cut_to_their_columns(self, hub: Hub) -> None:
        self.add(hub, samples.event(summary="ä👋" * 3000))
        with hub.database.read() as unit:
            summary = unit.session.connection.execute(select(tables.events.c.summary)).scalar_one()
        assert summary == "ä👋" * 333 + "ä"  # 1,000 UTF-16 units, of which SQL Server counts two for an emoji
