"""Two systems and the hub: the process ends, or an answer gets lost, anywhere in the middle (R05, R06).

A crash is a kill -9 after the n-th request that writes, or after the n-th commit: nothing runs any more, not even what
gives connections back. Then a new process with new connectors goes on from what the store and the servers have.
"""

from __future__ import annotations

from itertools import count

from storage import tables as t
from sync_engine.errors import OutcomeUnknown, SyncError
from sync_engine.item import Item
from sync_engine.model import Kind
from tests.faults import Crash, Fault, FaultyStore, Script
from tests.integration.microsoft.microsoft365_desk import moved, weekly, without
from tests.integration.rules.two_systems import FACE, Company, Rules

PHOTO = f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\n"


class KillRules(Rules):
    """Killed after each request and each commit of a cycle that writes."""

    def test_r05_killed_anywhere_in_creations_updates_and_deletions_nothing_is_doubled_or_lost(
        self, firm: Company, name: str
    ) -> None:
        """Each round makes two items, changes one of the last round, deletes one of the round before and one more."""
        for at in count():
            firm.world.phone_put(rich(firm, f"rich {at}", f"r{at}"))
            firm.world.phone_put(firm.item(f"plain {at}", f"p{at}"))
            if at > 0:
                firm.world.phone_put(richer(firm, f"rich {at - 1}", f"r{at - 1}"))
                firm.across(name).remove(f"plain {at - 1}")
                firm.world.cycle(firm.other(name))
            if at > 1:
                firm.world.phone_remove(f"r{at - 2}")
            died = crash(firm, name, at)
            firm.recover()
            firm.all_hold(f"rich {at}", f"plain {at}", *([f"rich {at - 1}"] if at else []))
            assert whole(firm, f"rich {at}", changed=False)
            assert not at or whole(firm, f"rich {at - 1}", changed=True)
            assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []
            if not died:
                break
        assert at >= (5 if firm.kind is Kind.TASK else 6)
        firm.settle()


class CrashRules(Rules):
    """Of items that take several requests to write."""

    def test_r05_killed_while_a_persons_news_are_taken_in(self, firm: Company, name: str) -> None:
        person = firm.people[name]
        for at in count():
            person.enter(f"new {at}")
            died = crash(firm, name, at)
            firm.recover()
            person.remark(f"new {at}", "changed")
            died |= crash(firm, name, at)
            firm.recover()
            firm.all_hold(f"new {at}")
            assert firm.across(name).remark_of(f"new {at}") == "changed"
            person.remove(f"new {at}")
            died |= crash(firm, name, at)
            firm.recover()
            firm.all_hold()
            assert firm.world.rows(t.conflicts) == []
            if not died:
                break
        assert at >= 1

    def test_r06_a_write_whose_answer_is_lost_is_looked_for_and_never_repeated_blindly(
        self, firm: Company, name: str
    ) -> None:
        system = firm.systems[name]
        for n in range(1, 5 if firm.kind is Kind.EVENT else 3):
            one = f"rich {n}"
            for item in (rich(firm, one, f"r{n}"), richer(firm, one, f"r{n}")):
                firm.world.phone_put(item)
                system.lose(n)
                for _ in range(3):
                    try:
                        firm.cycle(name)
                    except OutcomeUnknown:
                        continue
                system.lose(0)
                firm.recover()
                firm.all_hold(one)
                assert whole(firm, one, changed=item.text == richer(firm, one, f"r{n}").text)
            firm.world.phone_remove(f"r{n}")
            system.lose(1)
            for _ in range(2):
                try:
                    firm.cycle(name)
                except SyncError:
                    continue
            system.lose(0)
            firm.recover()
            firm.all_hold()
        firm.settle()
        assert firm.world.rows(t.conflicts) == firm.world.rows(t.quarantine) == []


def rich(firm: Company, title: str, uid: str) -> Item:
    """One that takes several requests, if there are such: a series with exceptions, a contact with a photo."""
    if firm.kind is Kind.EVENT:
        return weekly(uid, title, without("20260330"), (moved("20260323", summary=title),))
    return firm.item(title, uid, {Kind.CONTACT: PHOTO, Kind.TASK: "DESCRIPTION:all of it\r\n"}[firm.kind])


def richer(firm: Company, title: str, uid: str) -> Item:
    """The same, changed in several places."""
    if firm.kind is Kind.EVENT:
        days = without("20260330", "20260413")
        return weekly(uid, title, days, (moved("20260323", "12", title), moved("20260406", summary=title)))
    return firm.item(title, uid)


def whole(firm: Company, title: str, *, changed: bool) -> bool:
    """Whether the rich one is in both mailboxes with all its parts, and nothing is marked as unfinished."""
    people = (firm.ada, firm.bob)
    parts = {person.exceptions(title) for person in people} - {None}
    return not any(person.unfinished(title) for person in people) and parts <= {(2, 2) if changed else (1, 1)}


def crash(firm: Company, name: str, at: int) -> bool:
    """A cycle of one system that dies at its n-th step; False where it has fewer."""
    script = Script(Fault.CRASH_AFTER, at)
    with firm.systems[name].mortal(script):
        try:
            firm.cycle(name, FaultyStore(firm.world.database, script))
        except Crash:
            firm.restart()
            return True
    return False
