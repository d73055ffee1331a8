"""Two systems and the hub: what is listed, held, lost, late, or not allowed now (R01, R02, R04, R11, R22 to R27)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from storage import tables as t
from sync_engine.errors import NotAuthorised, SuspectListing, Throttled, Unavailable
from tests.integration.rules.person import Wish
from tests.integration.rules.system import LIES
from tests.integration.rules.two_systems import Company, Rules, company


class ListingRules(Rules):
    """What a system says, and does not say, of what it has."""

    def test_r01_a_proxy_that_finds_nothing_says_nothing_of_an_item(self, firm: Company) -> None:
        firm.fill(1)
        name = self.sides[-1]
        side, system = firm.world.sides[name], firm.systems[name]
        (link,) = [row for row in firm.world.rows(t.links) if row.binding_id == side.binding_id]
        for what in ("404", "410"):
            system.lie(what)
            with pytest.raises(Unavailable):
                list(side.connector.fetch(side.collection, [link.remote_id]))
            system.honest()

    def test_r01_what_is_no_listing_deletes_nothing_and_moves_no_cursor(self, firm: Company) -> None:
        firm.fill(3)
        for name in self.sides:
            for what, afresh in [*((one, False) for one in LIES), ("html", True), ("cut", True)]:
                before = firm.cursor(name)
                firm.systems[name].lie(what)
                if afresh:
                    firm.forget_cursors()
                firm.writes()
                with pytest.raises((SuspectListing, Unavailable)):
                    firm.cycle(name)
                assert firm.cursor(name) == before
                assert firm.nothing_written()
                firm.systems[name].honest()
        for system in firm.systems.values():
            system.remember()
        firm.settle()
        firm.all_hold("t00", "t01", "t02")

    def test_r01_a_folder_that_is_suddenly_empty_empties_nothing_else(self, office: Company, name: str) -> None:
        """No line of a feed says so: everything is listed, and there is nothing."""
        office.fill(4)
        for title in office.ada.titles():
            office.people[name].remove(title)
        office.forget_cursors()
        with pytest.raises(SuspectListing, match="nothing was deleted"):
            office.world.settle()
        assert len(office.hub()) == len(office.across(name).titles()) == 4

    def test_r02_many_deletions_at_one_system_are_held_and_the_rest_goes_on(self, firm: Company, name: str) -> None:
        firm.fill(13)
        person, other = firm.people[name], firm.across(name)
        for n in range(11):
            person.remove(f"t{n:02}")
        person.rename("t11", "renamed")
        other.rename("t12", "renamed too")
        for _ in range(2):
            assert firm.cycle(name).held == 11
            firm.world.cycle(firm.other(name))
        (hold,) = firm.world.rows(t.holds)
        assert (hold.side, hold.count) == ("hub", 11)
        assert "t00" in hold.samples
        assert len(other.titles()) == len(firm.hub()) == 13
        assert {"renamed", "renamed too"} <= set(other.titles()) & set(person.titles())
        firm.world.answer(name)
        firm.cycle(name)
        across = firm.other(name)
        assert firm.cycle(across).held == 11, (
            "what an admin let into the hub, he lets out of it to the other system too"
        )
        firm.world.answer(across)
        firm.settle()
        firm.all_hold("renamed", "renamed too")

    def test_r04_forgotten_cursors_cost_one_listing_and_find_what_went_meanwhile(self, firm: Company) -> None:
        firm.fill(5)
        firm.forget_cursors()
        firm.writes()
        firm.settle()
        assert firm.nothing_written()
        firm.all_hold("t00", "t01", "t02", "t03", "t04")
        firm.world.clock.pass_time(hours=1)  # what we wrote a moment ago may be missing from a listing (R22)
        firm.ada.remove("t00")
        firm.bob.remove("t01")
        firm.ada.rename("t02", "other")
        for system in firm.systems.values():
            system.forget_otherwise()
        for name in firm.names:  # before each of them meets the news of the other
            firm.cycle(name)
        firm.settle()
        firm.all_hold("other", "t03", "t04")

    def test_r11_a_lost_table_of_links_doubles_and_writes_nothing(self, firm: Company) -> None:
        firm.fill(4)
        firm.ada.enter("from ada")
        firm.bob.enter("from bob")
        firm.settle()
        for name in firm.names:
            firm.rebind(name)
        firm.writes()
        firm.settle()
        assert firm.nothing_written()
        firm.all_hold("t00", "t01", "t02", "t03", "from ada", "from bob")
        firm.ada.remark("from bob", "still linked")
        firm.settle()
        assert firm.bob.remark_of("from bob") == "still linked"

    def test_r11_a_hub_that_is_new_finds_the_same_items_in_both(self, firm: Company, tmp_path: Path) -> None:
        """Nothing is left of the first hub; contacts and tasks know each other by the hidden UID."""
        firm.fill(3)
        folder = tmp_path / "new"
        folder.mkdir()
        with company(folder, firm.kind, self.openings) as other:  # its servers are not used, only its hub
            firm.world, old = other.world, firm.world
            for name in firm.names:
                firm.world.sides[name].collection = old.sides[name].collection
                number, where = firm.world.sides[name].binding_id, old.sides[name].collection
                with firm.world.database.engine.begin() as connection:
                    connection.execute(
                        t.bindings.update().where(t.bindings.c.id == number).values(remote_id=where, cursor=None)
                    )
                firm.use(name, old.sides[name].connector)
            firm.writes()
            firm.settle()
            assert firm.nothing_written()
            firm.all_hold("t00", "t01", "t02")

    def test_r22_our_own_new_item_that_is_not_listed_yet_is_not_deleted(self, firm: Company) -> None:
        firm.fill(2)
        for system in firm.systems.values():
            system.late(True)
        firm.world.phone_put(firm.item("fresh", "fresh"))
        for _ in range(2):
            for name in firm.names:
                firm.forget_cursors()
                firm.cycle(name)
        firm.all_hold("t00", "t01", "fresh")
        firm.world.clock.pass_time(hours=2)
        for name in firm.names:
            firm.forget_cursors()
            firm.cycle(name)
        firm.all_hold("t00", "t01", "fresh")
        for system in firm.systems.values():
            system.late(False)
        firm.settle()
        firm.all_hold("t00", "t01", "fresh")

    def test_r23_what_leaves_the_window_of_the_cloud_is_neither_deleted_nor_doubled(self, office: Company) -> None:
        near, far = Wish("near"), Wish("far", datetime(2029, 6, 1, 9))
        office.ada.plan(near)
        office.bob.plan(far)
        office.world.settle()
        office.all_hold("near", "far")
        office.bob.shift("near", Wish("near", far.start))
        office.world.settle()
        office.all_hold("near", "far")
        assert office.ada.held("near") == office.bob.held("near") == [] or office.ada.held("near") == [
            far.at(far.start)
        ]
        for days in (10, 400, 800):
            for system in office.systems.values():
                system.turn_clock(days)
            office.world.settle()
            office.all_hold("near", "far")
        office.settle()

    def test_r24_who_may_not_any_more_writes_nothing_and_goes_on_where_it_was(self, firm: Company, name: str) -> None:
        firm.fill(3)
        before, good = firm.cursor(name), firm.connector(name)
        firm.use(name, firm.systems[name].another(secret="changed"))
        firm.world.phone_edit("u00", lambda text: text.replace("t00", "edited"))
        firm.across(name).rename("t01", "renamed")
        across = firm.other(name)
        for _ in range(2):
            with pytest.raises(NotAuthorised):
                firm.cycle(name)
            firm.world.cycle(across)
        assert firm.cursor(name) == before
        assert firm.across(name).titles() == ["edited", "renamed", "t02"], "others go on"
        assert firm.people[name].titles() == ["t00", "t01", "t02"]
        firm.use(name, good)
        firm.requests()
        firm.cycle(name)
        asked = firm.requests()[name]
        assert len(asked) <= 8, asked
        firm.settle()
        firm.all_hold("edited", "renamed", "t02")

    def test_r27_a_system_that_asks_to_wait_is_left_alone_and_the_other_goes_on(
        self, office: Company, name: str
    ) -> None:
        office.fill(2)
        office.ada.rename("t00", "from ada")
        office.bob.rename("t01", "from bob")
        office.systems[name].busy(600)
        with pytest.raises(Throttled) as told:
            office.cycle(name)
        assert 590 < told.value.retry_after <= 600
        office.requests()
        across = office.other(name)
        assert office.world.cycle(across).changes > 0
        with pytest.raises(Throttled):
            office.cycle(name)
        asked = office.requests()
        assert asked[name] == []
        assert asked[across]
