"""Invitations that come by mail (REQUESTS.md 9): whose word counts, what is newer, and that nothing is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from crm.invitation.incoming import take_invitations
from crm.mail.reading import read_mail
from crm.request.model import NewRequest
from crm.request.opening import open_request
from storage import tables as t
from tests.contract.agenda_world import MONDAY
from tests.contract.answer_world import EVA
from tests.contract.invitation_world import BOSS, InvitationWorld, calendar, event

LATER: dict[str, Any] = {"DTSTART": "20260310T090000Z", "DTEND": "20260310T100000Z"}


@pytest.fixture
def world(store_url: str) -> Iterator[InvitationWorld]:
    world = InvitationWorld(store_url)
    yield world
    world.close()


def sent(world: InvitationWorld) -> int:
    """How many mails wait to go out, or went."""
    return world.do(lambda unit: len(unit.session.connection.execute(select(t.outgoing.c.id)).all()))


# ---------------------------------------------------------------- REQUEST


def test_q09_an_invitation_stands_in_the_agenda_as_tentative(world: InvitationWorld) -> None:
    taken = world.mail("REQUEST", event(LOCATION="Room 5", DESCRIPTION="Agenda: all"))
    told, master = world.last(), world.event().master
    assert master is not None
    assert (told.state, told.method, told.uid, told.organizer, told.reason) == ("tentative", "REQUEST", "m1", EVA, "")
    assert (told.request_id, told.starts_at, told.item_id) == (taken.request_id, MONDAY, world.agenda()["m1"].id)
    assert (master.status, master.summary, master.location) == ("TENTATIVE", "Review", "Room 5")
    assert world.shown(taken.request_id or 0).number in master.url
    assert [one.id for one in world.of_request(taken.request_id or 0)] == [told.id]


def test_q09_nothing_is_accepted_or_answered_by_itself(world: InvitationWorld) -> None:
    world.mail("REQUEST", event())
    attendee = world.event().master.attendees[0]  # type: ignore[union-attr]
    assert ("PARTSTAT", ("NEEDS-ACTION",)) in attendee.params
    assert sent(world) == 0
    assert world.look().sent == 0
    assert world.far.gone == []


def test_q09_the_event_makes_no_server_mail_anybody(world: InvitationWorld) -> None:
    """RFC 6638 7.1: who stores it does not send for it."""
    alarm = "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT1H\r\nATTENDEE:mailto:all@example.org\r\nEND:VALARM\r\n"
    fetched = "URL:javascript:1\r\nIMAGE;VALUE=URI:https://x.example/1\r\nATTACH:https://x.example/2\r\n"
    odd = f"{fetched}X-ALT-DESC;FMTTYPE=text/html:<img src=x>\r\n{alarm}END:VEVENT"
    told = event(ATTENDEES=f"help@example.org {BOSS}", CLASS="PRIVATE").replace("END:VEVENT", odd)
    world.mail("REQUEST", told)
    text = world.text(world.agenda()["m1"].id).replace("\r\n ", "")
    people = [line for line in text.splitlines() if line.startswith(("ORGANIZER", "ATTENDEE"))]
    assert len(people) == 3
    assert all("SCHEDULE-AGENT=CLIENT" in line for line in people)
    for word in ("VALARM", "METHOD", "CLASS", "ALT-DESC", "IMAGE", "ATTACH", "javascript"):
        assert word not in text


def test_q09_a_higher_sequence_changes_it_and_a_lower_one_does_not(world: InvitationWorld) -> None:
    world.mail("REQUEST", event(sequence=3))
    world.mail("REQUEST", event(sequence=5, SUMMARY="Newer", **LATER))
    world.mail("REQUEST", event(sequence=4, SUMMARY="Older"))
    assert [one.state for one in world.invitations()] == ["outdated", "tentative", "outdated"]
    master = world.event().master
    assert master is not None
    assert (master.summary, master.sequence) == ("Newer", 5)
    assert master.start is not None
    assert master.start.value == "20260310T090000"


def test_q09_of_equal_sequences_the_later_stamp_decides(world: InvitationWorld) -> None:
    world.mail("REQUEST", event(stamp="20260301T080000Z"))
    world.mail("REQUEST", event(stamp="20260301T100000Z", SUMMARY="Newer"))
    world.mail("REQUEST", event(stamp="20260301T090000Z", SUMMARY="Older"))
    world.mail("REQUEST", event(stamp="20260301T100000Z", SUMMARY="The same once more"))
    assert [one.state for one in world.invitations()] == ["outdated", "tentative", "outdated", "outdated"]
    assert world.invitations()[3].reason == "It is known already."
    assert world.event().master.summary == "Newer"  # type: ignore[union-attr]


def test_q09_a_newer_version_leaves_what_people_here_added(world: InvitationWorld) -> None:
    world.mail("REQUEST", event())
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM"
    ours = f"CLASS:PRIVATE\r\nCATEGORIES:Blue\r\n{alarm}\r\nEND:VEVENT"
    world.edits(world.agenda()["m1"].id, ("END:VEVENT", ours))
    world.mail("REQUEST", event(sequence=1, SUMMARY="Newer"))
    text = world.text(world.agenda()["m1"].id)
    for word in ("SUMMARY:Newer", "TRIGGER:-PT5M", "CATEGORIES:Blue", "CLASS:PRIVATE"):
        assert word in text


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_q09_only_the_organiser_changes_or_cancels(world: InvitationWorld, method: str) -> None:
    world.mail("REQUEST", event())
    before = world.text(world.agenda()["m1"].id)
    attempts: list[tuple[str, str, dict[str, str]]] = [
        (event(sequence=9, SUMMARY="Forged"), BOSS, {}),
        (event(sequence=9, organizer=BOSS), BOSS, {}),  # as if it were his own
        (event(sequence=9, organizer=BOSS), EVA, {}),
        (event(sequence=9).replace("ORGANIZER;", f'ORGANIZER;SENT-BY="mailto:{BOSS}";'), BOSS, {}),
        (event(sequence=9), f"{EVA}, {BOSS}", {}),  # two senders: nobody's word
        (event(sequence=9, organizer="help@example.org"), EVA, {}),
    ]
    for text, sender, headers in attempts:
        world.mail(method, text, sender=sender, headers=headers)
        assert world.last().state == "refused", (text, sender)
        assert world.last().reason
    assert world.text(world.agenda()["m1"].id) == before
    world.mail(method, event(sequence=9, SUMMARY="Real"), sender=f"Eva <{EVA.upper()}>")
    assert world.last().state == ("tentative" if method == "REQUEST" else "applied")


def test_q09_who_acts_for_the_organiser_from_the_start_may_go_on(world: InvitationWorld) -> None:
    def told(**more: str) -> str:
        return event(**more).replace("ORGANIZER;", f'ORGANIZER;SENT-BY="mailto:{BOSS}";')  # type: ignore[arg-type]

    world.mail("REQUEST", told(), sender=BOSS)
    assert world.last().state == "tentative"
    assert world.last().reason == f"{BOSS} sent it on behalf of its organiser, {EVA}."
    world.mail("REQUEST", told(stamp="20260301T100000Z", SUMMARY="Newer"), sender=BOSS)
    assert world.last().state == "tentative"
    assert world.event().master.summary == "Newer"  # type: ignore[union-attr]


def test_q09_who_is_not_the_organiser_may_pass_it_on_and_that_is_shown(world: InvitationWorld) -> None:
    world.mail("REQUEST", event(organizer=BOSS))
    assert world.last().state == "tentative"
    assert world.last().reason == f"It was not sent by its organiser, {BOSS}, but by {EVA}."


def test_q09_a_forged_sender_changes_nothing(world: InvitationWorld) -> None:
    world.settings = replace(world.settings, trusted_authserv=frozenset({"mx.example.org"}))
    forged = {"Authentication-Results": f"mx.example.org; dmarc=fail header.from={EVA.partition('@')[2]}"}
    world.mail("REQUEST", event(), headers=forged)
    assert (world.last().state, world.agenda()) == ("refused", {})
    world.mail("REQUEST", event())
    world.mail("CANCEL", event(sequence=1), headers=forged)
    assert world.last().state == "refused"
    assert "m1" in world.agenda()


def test_q03_what_changes_a_meeting_goes_to_its_request_though_it_answers_no_mail(world: InvitationWorld) -> None:
    first = world.mail("REQUEST", event())
    second = world.mail("REQUEST", event(sequence=1))
    assert second.request_id == first.request_id
    assert world.mail("CANCEL", event(sequence=2), sender=BOSS).request_id != first.request_id
    assert world.mail("CANCEL", event(sequence=2)).request_id == first.request_id


def test_q09_an_event_of_ours_is_nobody_elses(world: InvitationWorld) -> None:
    made = world.plan(starts_at=MONDAY)
    uid, before = world.item(made.item_id).uid, world.text(made.item_id)
    for method in ("REQUEST", "CANCEL", "REPLY"):
        world.mail(method, event(uid, sequence=99))
        assert world.last().state == "refused"
    assert world.text(made.item_id) == before


def test_q09_spam_does_not_reach_the_agenda(world: InvitationWorld) -> None:
    taken = world.mail("REQUEST", event("first"))
    new = NewRequest("x", customer_name="x", spam=True)
    spam = world.do(lambda unit: open_request(unit, world.settings, world.ada, new))
    head = f"From: {EVA}\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n"
    mail = read_mail(f"{head}{calendar('REQUEST', event())}".encode())
    for request_id in (spam.id, None):
        world.do(lambda unit, of=request_id: take_invitations(unit, world.settings, taken.message_id or 0, of, mail))  # type: ignore[misc]
        assert world.last().state == "unread"
    assert set(world.agenda()) == {"first"}


# ---------------------------------------------------------------- occurrences


SERIES: dict[str, Any] = {"RRULE": "FREQ=WEEKLY;COUNT=4"}
MOVED: dict[str, Any] = {
    "RECURRENCE_ID": "20260316T090000Z",
    "DTSTART": "20260317T120000Z",
    "DTEND": "20260317T130000Z",
}


def test_q09_single_occurrences_are_meant_by_recurrence_id(world: InvitationWorld) -> None:
    world.mail("REQUEST", event(**SERIES))
    world.mail("REQUEST", event(sequence=1, SUMMARY="Moved", **MOVED))
    record = world.event()
    assert record.master is not None
    assert (record.master.summary, [one.summary for one in record.overrides]) == ("Review", ["Moved"])
    assert [one.state for one in world.invitations()] == ["tentative", "tentative"]  # both can be answered
    world.mail("REQUEST", event(sequence=0, stamp="20260302T080000Z", SUMMARY="Old", **MOVED))
    assert world.last().state == "outdated"
    world.mail("CANCEL", event(sequence=2, **MOVED))
    record = world.event()
    assert record.master is not None
    assert (record.overrides, [one.value for one in record.master.exception_dates]) == ((), ["20260316T090000"])
    assert [one.state for one in world.invitations()] == ["tentative", "outdated", "outdated", "applied"]


def test_q09_an_invitation_to_one_occurrence_of_an_unknown_series(world: InvitationWorld) -> None:
    world.mail("REQUEST", event(SUMMARY="Only this", **MOVED))
    record = world.event()
    assert record.master is None
    assert [one.status for one in record.overrides] == ["TENTATIVE"]
    world.mail("CANCEL", event(sequence=1, **MOVED))
    assert world.agenda() == {}


def test_q09_a_new_version_of_the_series_keeps_what_is_newer(world: InvitationWorld) -> None:
    world.mail("REQUEST", event(**SERIES))
    world.mail("REQUEST", event(sequence=5, SUMMARY="Moved", **MOVED))
    world.mail("REQUEST", event(sequence=3, stamp="20260302T080000Z", SUMMARY="All", **SERIES))
    record = world.event()
    assert (record.master and record.master.summary, [one.summary for one in record.overrides]) == ("All", ["Moved"])
    assert [one.state for one in world.invitations()] == ["outdated", "tentative", "tentative"]
    world.mail("REQUEST", event(sequence=6, stamp="20260302T090000Z", SUMMARY="All", **SERIES))
    record = world.event()
    assert (record.master and record.master.summary, record.overrides) == ("All", ())


# ---------------------------------------------------------------- CANCEL, REPLY, and what is only shown


def test_q09_a_cancellation_takes_it_out_and_a_new_invitation_brings_it_back(world: InvitationWorld) -> None:
    world.mail("REQUEST", event())
    world.mail("CANCEL", event(sequence=1, STATUS="CANCELLED"))
    assert world.agenda() == {}
    assert [one.state for one in world.invitations()] == ["outdated", "applied"]
    world.mail("REQUEST", event(sequence=0, stamp="20260301T090000Z"))  # that was before
    assert (world.last().state, world.agenda()) == ("outdated", {})
    world.mail("REQUEST", event(sequence=2))
    assert (world.last().state, list(world.agenda())) == ("tentative", ["m1"])


def test_q09_a_cancellation_of_an_older_version_takes_nothing_out(world: InvitationWorld) -> None:
    world.mail("REQUEST", event(sequence=5, **LATER))
    before = world.text(world.agenda()["m1"].id)
    for sequence, stamp in ((4, "20260302T080000Z"), (5, "20260228T080000Z")):
        world.mail("CANCEL", event(sequence=sequence, stamp=stamp))
        assert (world.last().state, world.last().reason) == ("outdated", "A newer version came before.")
    assert world.text(world.agenda()["m1"].id) == before


def test_q09_a_cancellation_that_overtakes_its_invitation(world: InvitationWorld) -> None:
    world.mail("CANCEL", event(sequence=1), sender=BOSS)
    assert world.last().state == "refused"
    world.mail("CANCEL", event(sequence=1))
    assert world.last().state == "applied"
    world.mail("REQUEST", event())
    assert (world.last().state, world.agenda()) == ("outdated", {})


def test_q09_what_people_take_out_of_the_agenda_stays_out_until_its_time_changes(world: InvitationWorld) -> None:
    world.mail("REQUEST", event())
    world.deletes(world.agenda()["m1"].id)
    world.mail("REQUEST", event(sequence=1, SUMMARY="Same time"))
    assert (world.last().state, world.agenda()) == ("tentative", {})
    assert "stays out" in world.last().reason
    world.mail("REQUEST", event(sequence=2, **LATER))
    assert list(world.agenda()) == ["m1"]


@pytest.mark.parametrize("method", ["COUNTER", "PUBLISH", "REFRESH", "ADD", "DECLINECOUNTER"])
def test_q09_what_is_only_shown(world: InvitationWorld, method: str) -> None:
    world.mail("REQUEST", event())
    before = world.changes_so_far()
    world.mail(method, event(sequence=9, **LATER))
    assert (world.last().state, world.last().method) == ("unread", method)
    assert world.last().reason
    assert world.changes_so_far() == before


def test_q09_a_mail_with_several_events_and_one_that_cannot_be_read(world: InvitationWorld) -> None:
    todo = "BEGIN:VTODO\r\nUID:t\r\nSUMMARY:x\r\nEND:VTODO\r\n"
    world.mail("REQUEST", event("a"), todo, event("b"), event("a" * 800))
    assert set(world.agenda()) == {"a", "b"}
    assert sorted(one.state for one in world.invitations()) == ["tentative", "tentative", "unread", "unread"]
    world.mail_of("REQUEST", "BEGIN:VCALENDAR\r\nrubbish")
    assert world.last().state == "unread"


def test_q09_a_mailbox_that_is_synced_follows_the_meeting_itself(world: InvitationWorld) -> None:
    world.mail("REQUEST", event())
    item = world.agenda()["m1"]
    world.do(lambda unit: _tie(unit.session.connection, item.id, item.collection_id, item.revision_id, world.now))
    before = world.text(item.id)
    world.mail("REQUEST", event(sequence=1, SUMMARY="Newer"))
    assert world.last().state == "tentative"
    world.mail("CANCEL", event(sequence=2))
    assert (world.last().state, world.text(item.id)) == ("applied", before)
    assert "m1" in world.agenda()


def _tie(connection, item_id, collection_id, revision_id, now) -> None:  # type: ignore[no-untyped-def]
    connection.execute(t.accounts.insert().values(id=1, name="office", since=now))
    tied = {"name": "office", "account_id": 1, "collection_id": collection_id, "remote_id": "calendar"}
    connection.execute(t.bindings.insert().values(id=1, **tied))
    names = {"remote_id": "r", "remote_version": "1", "remote_uid": "m1", "state": "live", "role": "guest"}
    connection.execute(t.links.insert().values(binding_id=1, item_id=item_id, base_revision=revision_id, **names))
