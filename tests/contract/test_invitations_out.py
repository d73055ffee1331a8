"""Answers to invitations, and our own invitations to customers (REQUESTS.md 9): sent when a person says so, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crm.activity.model import Activity
from crm.errors import Forbidden, Invalid, NotThere, Refused
from crm.invitation.answering import answer
from crm.invitation.outgoing import call_off, invite
from crm.mail.model import Party
from sync_engine.item import Item
from sync_engine.model import Event
from tests.contract.agenda_world import MONDAY
from tests.contract.answer_world import EVA
from tests.contract.invitation_world import BOSS, InvitationWorld, event


@pytest.fixture
def world(store_url: str) -> Iterator[InvitationWorld]:
    world = InvitationWorld(store_url)
    yield world
    world.close()


def gone(world: InvitationWorld) -> list[tuple[str, tuple[str, ...]]]:
    """Who wrote to whom."""
    world.look()
    return [(sender, recipients) for _raw, sender, recipients in world.far.gone]


def statuses(world: InvitationWorld, uid: str = "m1") -> tuple[str, str]:
    """Of the event, and of us in it."""
    master = world.event(uid).master
    assert master is not None
    ours = [user for user in master.attendees if "help@example.org" in user.address]
    return master.status, next(value[0] for name, value in ours[0].params if name == "PARTSTAT")


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("how", "status", "partstat"),
    [("accepted", "CONFIRMED", "ACCEPTED"), ("tentative", "TENTATIVE", "TENTATIVE"), ("declined", "", "DECLINED")],
)
def test_q09_a_person_answers(world: InvitationWorld, how: str, status: str, partstat: str) -> None:
    taken = world.mail("REQUEST", event(sequence=4))
    told = world.answer(world.last().id, how, "See you.")
    assert (told.state, told.answered_by, told.answered_at) == (how, "ada", world.now)
    assert gone(world) == [("help@example.org", (EVA,))]
    said = world.told_invitation(0)
    for line in ("METHOD:REPLY", "UID:m1", "SEQUENCE:4", f"ORGANIZER;CN=Eva:mailto:{EVA}", "COMMENT:See you."):
        assert line in said.splitlines()
    assert f"ATTENDEE;PARTSTAT={partstat}:mailto:help@example.org" in said
    assert "SCHEDULE-AGENT" not in said
    mail = world.far.mails()[0]
    assert (mail["In-Reply-To"], "Auto-Submitted" in mail) == ("<i1@customer.example>", False)
    assert statuses(world) == (status, partstat) if status else world.agenda() == {}
    assert ("ada", f"invitation {how}", "", "Review") in world.lines(taken.request_id or 0)


def test_q09_an_answer_can_be_changed(world: InvitationWorld) -> None:
    world.mail("REQUEST", event())
    number = world.last().id
    world.answer(number, "declined")
    assert world.agenda() == {}
    world.answer(number, "accepted")
    assert statuses(world) == ("CONFIRMED", "ACCEPTED")
    assert len(gone(world)) == 2


def test_q09_an_answer_holds_as_long_as_the_time_does(world: InvitationWorld) -> None:
    world.mail("REQUEST", event())
    world.answer(world.last().id, "accepted")
    world.mail("REQUEST", event(sequence=1, SUMMARY="Another room"))
    assert (world.last().state, statuses(world)) == ("accepted", ("CONFIRMED", "ACCEPTED"))
    world.mail("REQUEST", event(sequence=2, DTSTART="20260311T090000Z", DTEND="20260311T100000Z"))
    assert (world.last().state, statuses(world)) == ("tentative", ("TENTATIVE", "NEEDS-ACTION"))
    world.answer(world.last().id, "declined")
    world.mail("REQUEST", event(sequence=3, DTSTART="20260311T090000Z", DTEND="20260311T100000Z"))
    assert (world.last().state, world.agenda()) == ("declined", {})
    assert len(gone(world)) == 2


def test_q09_one_occurrence_is_answered_alone(world: InvitationWorld) -> None:
    world.mail("REQUEST", event(**_of_series()))
    moved: dict[str, Any] = {"RECURRENCE_ID": "20260316T090000Z", "DTSTART": "20260317T120000Z", "DTEND": ""}
    world.mail("REQUEST", event(sequence=1, **moved))
    world.answer(world.last().id, "accepted")
    world.look()
    assert "RECURRENCE-ID:20260316T090000Z" in world.told_invitation(0)
    record = world.event()
    assert record.master is not None
    assert (record.master.status, [one.status for one in record.overrides]) == ("TENTATIVE", ["CONFIRMED"])


def _of_series() -> dict[str, Any]:
    return {"RRULE": "FREQ=WEEKLY;COUNT=4"}


def test_q09_what_cannot_be_answered(world: InvitationWorld) -> None:
    world.mail("REQUEST", event())
    first = world.last().id
    world.mail("REQUEST", event(sequence=1))
    world.mail("COUNTER", event(sequence=1))
    for number in (first, world.last().id):
        with pytest.raises(Refused):
            world.answer(number, "accepted")
    with pytest.raises(NotThere):
        world.answer(4711, "accepted")
    with pytest.raises(Invalid):
        world.answer(world.invitations()[1].id, "maybe")
    world.mail("CANCEL", event(sequence=2))
    with pytest.raises(Refused):
        world.answer(world.invitations()[1].id, "accepted")
    assert gone(world) == []


def test_q09_only_who_may_answers(world: InvitationWorld) -> None:
    taken = world.mail("REQUEST", event())
    number = world.last().id
    stranger = replace(world.ada, unlimited=False, rights={"request.read": "own", "invitation.answer": "own"})
    reader = replace(world.ada, unlimited=False, rights={"request.read": "all"})
    for actor, error in ((stranger, NotThere), (reader, Forbidden)):
        with pytest.raises(error):
            world.do(lambda unit, who=actor: answer(unit, world.settings, who, number, "accepted"))  # type: ignore[misc]
    assert world.of_request(taken.request_id or 0)[0].state == "tentative"
    assert gone(world) == []


# ---------------------------------------------------------------- our meetings


def planned(world: InvitationWorld, *guests: str) -> Activity:
    people = tuple(Party(address, "Eva Blau") for address in guests or (EVA,))
    request = world.request()
    when: dict[str, Any] = {"starts_at": MONDAY, "zone": "Europe/Rome", "text": "Bring the printer."}
    who: dict[str, Any] = {"organizer": "help@example.org", "guests": people}
    return world.plan("Review", request_id=request.id, kind="meeting", **when, **who)


def send(world: InvitationWorld, made: Activity, text: str = "") -> int:
    return world.do(lambda unit: invite(unit, world.settings, world.ada, made.id, text))


def answers(world: InvitationWorld, made: Activity) -> list[str]:
    """Of each guest, by address: that of the boss first."""
    record = Item.read(world.text(world.activity(made.id).item_id)).record
    assert isinstance(record, Event)
    assert record.master is not None
    people = sorted(record.master.attendees, key=lambda user: user.address)
    return [next(v[0] for name, v in user.params if name == "PARTSTAT") for user in people]


def test_q12_guests_stand_in_the_event_and_no_mail_goes_out_by_itself(world: InvitationWorld) -> None:
    made = planned(world)
    text = world.text(made.item_id).replace("\r\n ", "")
    people = [line for line in text.splitlines() if line.startswith(("ORGANIZER", "ATTENDEE"))]
    assert len(people) == 2
    assert all("SCHEDULE-AGENT=CLIENT" in line for line in people)
    world.follow()
    assert gone(world) == []


def test_q09_a_meeting_of_ours_is_sent_when_a_person_says_so(world: InvitationWorld) -> None:
    made = planned(world)
    send(world, made, "We look forward to it.")
    assert gone(world) == [("help@example.org", (EVA,))]
    said = world.told_invitation(0)
    uid = world.item(made.item_id).uid
    for line in ("METHOD:REQUEST", f"UID:{uid}", "SUMMARY:Review", "DTSTART;TZID=Europe/Rome:20260309T100000"):
        assert line in said.splitlines()
    assert "BEGIN:VTIMEZONE" in said
    assert "hub.example.org" not in said  # where we work on it is nobody's business
    assert "SCHEDULE-AGENT" not in said
    assert f"ATTENDEE;CN=Eva Blau;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{EVA}" in said


def test_q09_the_answer_of_a_guest_stands_in_the_event(world: InvitationWorld) -> None:
    made = planned(world, EVA, BOSS)
    send(world, made)
    world.look()
    uid = world.item(made.item_id).uid

    def reply(who: str, partstat: str, sender: str = "", **more: Any) -> str:
        text = event(uid, organizer="help@example.org", ATTENDEES=who, **more)
        world.mail("REPLY", text.replace("NEEDS-ACTION", partstat), sender=sender or who)
        return world.last().state

    assert reply(EVA, "ACCEPTED") == "applied"
    assert world.last().request_id == made.request_id  # though the mail does not say which one it answers
    assert answers(world, made) == ["NEEDS-ACTION", "ACCEPTED"]
    assert (world.last().attendee, world.last().reason) == (EVA, f"{EVA}: accepted")
    assert reply(EVA, "DECLINED", stamp="20260301T070000Z") == "outdated"
    assert reply(EVA, "DECLINED", sender=BOSS, stamp="20260302T070000Z") == "refused"
    assert reply("max@other.example", "ACCEPTED") == "refused"
    assert reply(BOSS, "X-HACKED") == "unread"
    assert answers(world, made) == ["NEEDS-ACTION", "ACCEPTED"]
    assert reply(BOSS, "DECLINED") == "applied"
    assert answers(world, made) == ["DECLINED", "ACCEPTED"]
    assert world.follow() == 0  # an answer changes nothing of the activity
    assert world.activity(made.id).version == made.version


def test_q09_after_a_change_guests_are_asked_again_and_old_answers_do_not_count(world: InvitationWorld) -> None:
    made = planned(world)
    send(world, made)
    world.look()
    uid = world.item(made.item_id).uid
    yes = event(uid, organizer="help@example.org", ATTENDEES=EVA).replace("NEEDS-ACTION", "ACCEPTED")
    world.mail("REPLY", yes)
    moved = world.change(world.activity(made.id), starts_at=MONDAY + timedelta(days=1))
    assert len(gone(world)) == 1  # moving sends nothing
    send(world, moved)
    assert len(gone(world)) == 2
    assert "SEQUENCE:1" in world.told_invitation(1).splitlines()
    assert answers(world, made) == ["NEEDS-ACTION"]
    world.mail("REPLY", yes.replace("20260301T", "20260303T"))
    assert world.last().state == "outdated"
    world.mail("REPLY", yes.replace("20260301T", "20260303T").replace("SEQUENCE:0", "SEQUENCE:1"))
    assert (world.last().state, answers(world, made)) == ("applied", ["ACCEPTED"])


def test_q09_a_meeting_is_called_off(world: InvitationWorld) -> None:
    made = planned(world)
    with pytest.raises(Refused):
        world.do(lambda unit: call_off(unit, world.settings, world.ada, made.id))
    send(world, made)
    cancelled = world.cancel(world.activity(made.id), "No time.")
    assert len(gone(world)) == 1
    world.do(lambda unit: call_off(unit, world.settings, world.ada, cancelled.id, "We are sorry."))
    assert len(gone(world)) == 2
    said = world.told_invitation(1).splitlines()
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:1"} <= set(said)
    with pytest.raises(Refused):
        world.do(lambda unit: call_off(unit, world.settings, world.ada, made.id))
    with pytest.raises(Refused):
        send(world, made)
    assert len(gone(world)) == 2


def test_q09_nobody_is_invited_to_what_has_no_guests_or_time(world: InvitationWorld) -> None:
    request = world.request()
    for made in (world.plan(request_id=request.id), world.plan(request_id=request.id, starts_at=MONDAY)):
        with pytest.raises(Refused):
            send(world, made)
    with pytest.raises(Refused):
        send(world, world.plan(starts_at=MONDAY, organizer="help@example.org", guests=(Party(EVA),)))
    assert gone(world) == []
