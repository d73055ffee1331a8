"""Two systems and the hub: edits, deletions, and what a server will not take (R03, R07 to R10, R20, R21, R25, R26)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agendahub.undoing import Wish as Undo
from agendahub.undoing import carry_out, plan_undo
from storage import tables as t
from sync_engine.model import Kind, title_of
from sync_engine.ports import Origin, Policy
from tests.integration.rules.two_systems import FACE, Company, Rules, company

RICH = {  # what a phone says beyond what Outlook has a place for
    Kind.CONTACT: (
        f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\nX-OUR-OWN:1\r\nTEL;TYPE=CELL:+41 79 000 00 00\r\n"
        "TEL;TYPE=WORK:+41 44 000 00 00\r\nitem1.URL:https://example.org\r\nitem1.X-ABLabel:_$!<HomePage>!$_\r\n"
        "EMAIL:a@x.cz\r\nEMAIL:b@x.cz\r\nEMAIL:c@x.cz\r\nEMAIL:d@x.cz\r\nCATEGORIES:friends,science\r\nTITLE:Countess\r\n"
    ),
    Kind.EVENT: (
        "LOCATION:Room\r\nX-OUR-OWN:1\r\nATTACH:https://example.org/paper.pdf\r\nCATEGORIES:team\r\nGEO:47.1;8.2\r\n"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:Soon\r\nEND:VALARM\r\n"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT60M\r\nDESCRIPTION:Later\r\nEND:VALARM\r\n"
    ),
    Kind.TASK: "DESCRIPTION:Two litres\r\nX-OUR-OWN:1\r\nPRIORITY:3\r\nCATEGORIES:shop\r\nLOCATION:corner\r\n",
}
REMARK = {Kind.CONTACT: "Countess", Kind.EVENT: "Room", Kind.TASK: "Two litres"}


class EditRules(Rules):
    """Of contacts, events and tasks."""

    def test_r03_a_deletion_is_undone_in_both_mailboxes_once_and_as_the_same_item(self, firm: Company) -> None:
        firm.fill(3)
        for n, name in enumerate(firm.names):
            title, uid = f"t0{n}", f"u0{n}"
            before, number = firm.world.hub()[uid].text, firm.world.hub_id(uid)
            firm.people[name].remove(title)
            firm.settle()
            assert title not in firm.hub() + firm.across(name).titles()
            with firm.world.database.begin() as unit:
                wish = Undo(item_id=number)
                carry_out(unit, plan_undo(unit, wish, {}), wish, Origin("admin"), plan_undo(unit, wish, {}).mark)
            firm.settle()
            firm.all_hold("t00", "t01", "t02")
            assert (firm.world.hub_id(uid), firm.world.hub()[uid].text) == (number, before)
        assert firm.world.rows(t.conflicts) == []

    def test_r07_three_people_change_three_fields_and_all_of_it_stays(self, firm: Company) -> None:
        firm.world.phone_put(firm.item("t00", "u00", RICH[firm.kind]))
        firm.settle()
        firm.ada.rename("t00", "from ada")
        firm.bob.remark("t00", "from bob")
        firm.world.phone_edit("u00", renamed("X-OUR-OWN:1", "X-OUR-OWN:2"))
        firm.settle()
        firm.all_hold("from ada")
        assert firm.ada.remark_of("from ada") == firm.bob.remark_of("from ada") == "from bob"
        text = firm.world.hub()["u00"].text
        assert "X-OUR-OWN:2" in text
        assert "from bob" in text
        assert firm.world.rows(t.conflicts) == []

    def test_r07_one_field_changed_twice_has_a_winner_and_the_other_is_kept(self, firm: Company) -> None:
        firm.fill(1)
        firm.ada.rename("t00", "from ada")
        firm.bob.rename("t00", "from bob")
        firm.settle()
        (winner,) = firm.hub()
        firm.all_hold(winner)
        (loser,) = {"from ada", "from bob"} - {winner}
        conflicts = firm.world.rows(t.conflicts)
        assert conflicts, "a lost edit is on record"
        revisions = {row.id: row.text for row in firm.world.rows(t.revisions)}
        assert any(loser in revisions[row.remote_revision] + revisions[row.hub_revision] for row in conflicts)

    def test_r08_edited_here_and_deleted_there_it_is_in_both_once(self, firm: Company, name: str) -> None:
        firm.fill(2)
        firm.people[name].rename("t00", "edited")
        firm.across(name).remove("t00")
        first, second = name, firm.other(name)
        for one in (second, first) if firm.kind is Kind.EVENT else (first, second):
            firm.world.cycle(one)
        firm.settle()
        firm.all_hold("edited", "t01")

    def test_r09_r26_one_refused_item_holds_up_no_other_and_is_told_in_full(self, firm: Company, name: str) -> None:
        firm.fill(3)
        for n in range(3):
            firm.world.phone_edit(f"u0{n}", renamed(f"t0{n}", f"new {n}"))
        firm.systems[name].refuse("t01", "new 1")
        for one in firm.names:
            firm.cycle(one)
        assert {"new 0", "new 2"} <= set(firm.people[name].titles())
        assert firm.across(name).titles() == ["new 0", "new 1", "new 2"]
        (row,) = firm.world.rows(t.quarantine)
        assert (row.title, row.operation, row.item_id) == ("new 1", "update", firm.world.hub_id("u01"))
        assert row.remote_id
        assert row.server_said
        assert row.message.endswith(".")
        assert bool(row.starts) == (firm.kind is not Kind.CONTACT)
        tries = row.tries
        firm.cycle(name)
        assert [one.tries for one in firm.world.rows(t.quarantine)] == [tries], "not in every cycle"
        firm.systems[name].relent()
        firm.world.phone_edit("u01", renamed("new 1", "newer"))
        firm.settle()
        firm.all_hold("new 0", "newer", "new 2")
        assert firm.world.rows(t.quarantine) == []

    def test_r10_r20_what_one_person_changes_is_all_that_the_other_system_is_sent(self, firm: Company) -> None:
        """... and the hub keeps what neither has a place for. That nobody is mailed, a fixture watches."""
        rich = firm.item("t00", "u00", RICH[firm.kind])
        firm.world.phone_put(rich)
        firm.settle()
        assert firm.world.hub()["u00"].text == rich.text
        for name in firm.names:
            for system in firm.systems.values():
                system.sent()
            firm.people[name].remark("t00", f"from {name}")
            firm.world.settle()
            across = firm.systems[firm.other(name)]
            assert (firm.systems[name].sent(), across.sent()) == ([], [{across.remark}])
            assert across.person.remark_of("t00") == f"from {name}"
        firm.settle()
        kept = rich.text.replace(REMARK[firm.kind], f"from {firm.names[1]}")
        assert _lines(firm.world.hub()["u00"].text) == _lines(kept)
        assert [system.sent() for system in firm.systems.values()] == [[], []]

    def test_r10_a_first_sync_and_a_resync_write_only_what_is_not_there(self, firm: Company) -> None:
        """Both are full before the hub comes: each gets what it has not, and neither is touched for the rest."""
        for n in range(3):
            firm.ada.enter(f"ada {n}")
            firm.bob.enter(f"bob {n}")
        firm.writes()
        firm.settle()
        firm.all_hold(*[f"{who} {n}" for who in ("ada", "bob") for n in range(3)])
        firm.forget_cursors()
        firm.writes()
        firm.settle()
        assert firm.nothing_written()

    def test_r21_three_quiet_cycles_after_everything_that_people_did(self, firm: Company) -> None:
        firm.world.phone_put(firm.item("t00", "u00", RICH[firm.kind]))
        firm.ada.enter("from ada")
        firm.bob.enter("from bob")
        firm.settle()
        for n, person in enumerate((firm.ada, firm.bob)):
            for title in firm.hub():
                person.remark(title, f"remark {n}")
            firm.settle()  # three cycles without a change, in one request each
        for person in (firm.ada, firm.bob):
            for title in person.titles():
                person.touch(title)
        firm.writes()
        firm.settle()
        assert firm.nothing_written()
        assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []

    def test_r21_mailboxes_that_undo_each_other_are_left_in_peace_and_it_is_told(self, tmp_path: Path) -> None:
        """A rule at each renames the item, whatever we write."""
        with company(tmp_path, Kind.TASK, self.openings, Policy(write_limit=10)) as firm:
            firm.fill(2)
            firm.writes()
            for _ in range(16):
                for name in firm.names:
                    (shown,) = [title for title in firm.people[name].titles() if title != "t01"]
                    if shown != f"rule of {name}":
                        firm.people[name].rename(shown, f"rule of {name}")
                    firm.cycle(name)
            assert sum(firm.writes().values()) <= 20
            assert {row.item_id for row in firm.world.rows(t.quarantine)} == {firm.world.hub_id("u00")}
            firm.world.phone_edit("u01", renamed("t01", "goes on"))
            for name in firm.names:
                firm.cycle(name)
            assert "goes on" in firm.ada.titles()
            assert "goes on" in firm.bob.titles()

    def test_r25_what_is_counted_was_done(self, firm: Company) -> None:
        firm.world.phone_put(firm.item("t00", "u00"))
        firm.bob.enter("from bob")
        first, second, third = (firm.cycle(name) for name in (*firm.names[::-1], firm.names[1]))
        assert (first.pulled_new, first.pushed_new) == (1, 1)
        assert (second.pulled_new, second.pushed_new) == (0, 2)
        assert third.changes == firm.cycle(firm.names[0]).changes == 0
        firm.ada.remove("t00")
        assert firm.cycle(firm.names[0]).pulled_deleted == 1
        assert firm.cycle(firm.names[1]).pushed_deleted == 1
        assert [title_of(item.record) for item in firm.world.hub().values()] == ["from bob"]


def renamed(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def _lines(text: str) -> list[str]:
    return sorted(line for line in text.split("\r\n") if not line.startswith(("DTSTAMP", "LAST-MODIFIED", "REV:")))
