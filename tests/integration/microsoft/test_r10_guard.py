"""R10: whichever request could mail somebody, the guard of all tests sees it, on both fronts."""

from __future__ import annotations

from typing import Any

import pytest
from exchangelib import AcceptItem, Attendee, CalendarItem, Mailbox, Message
from exchangelib.items import SEND_ONLY_TO_ALL, SEND_TO_ALL_AND_SAVE_COPY
from exchangelib.properties import ReferenceItemId

from tests.integration.microsoft.o365_account import ADA, Json, World, graph_world, single
from tests.integration.microsoft.test_ews_e09_series import START
from tests.servers.microsoft.ews_client import Desk
from tests.servers.microsoft.no_mail import answers_meant, no_mail, watched

__all__ = ["graph_world"]  # a fixture

BOB = "bob@example.com"
GUESTS = [{"emailAddress": {"address": BOB}, "type": "required"}]


@pytest.mark.mails
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/events", single(attendees=GUESTS)),
        ("patch", "/events/{meeting}", {"subject": "Other"}),
        ("patch", "/events/{meeting}", {"importance": "high"}),
        ("patch", "/events/{meeting}", {"attendees": []}),
        ("patch", "/events/{alone}", {"attendees": GUESTS}),
        ("delete", "/events/{meeting}", None),
        ("post", "/events/{meeting}/cancel", {}),
        ("post", "/events/{meeting}/forward", {"toRecipients": GUESTS}),
        ("post", "/events/{invited}/accept", {"sendResponse": False}),
        ("post", "/events/{invited}/decline", {}),
        ("post", "/sendMail", {"message": {"subject": "Hello", "toRecipients": GUESTS}}),
    ],
)
def test_r10_what_graph_would_mail_about_is_seen(world: World, method: str, path: str, body: Json | None) -> None:
    world.exchange.add_mailbox(BOB)
    meeting, _ = world.exchange.hold_meeting(ADA, [BOB], single())
    _, invited = world.exchange.hold_meeting(BOB, [ADA], single())
    alone = world.ada.create("calendar", single())
    where = path.format(meeting=meeting.id, invited=invited.id, alone=alone.id)
    with pytest.raises(AssertionError, match="R10"), no_mail():
        world.ask(method, where, body)


@pytest.mark.mails
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/events", single(attendees=GUESTS)),
        ("/sendMail", {"message": {"subject": "Hello", "toRecipients": GUESTS}}),
    ],
)
def test_r10_only_whole_mails_are_let_through_where_answers_are_meant(world: World, path: str, body: Json) -> None:
    with pytest.raises(AssertionError, match="R10"), no_mail(), answers_meant():
        world.ask("post", path, body)


def test_r10_what_graph_is_silent_about_is_let_through(world: World) -> None:
    world.exchange.add_mailbox(BOB)
    meeting, _ = world.exchange.hold_meeting(ADA, [BOB], single())
    _, invited = world.exchange.hold_meeting(BOB, [ADA], single())
    world.json("patch", f"/events/{meeting.id}", {"categories": ["Mine"], "showAs": "free"})
    world.json("patch", f"/events/{invited.id}", {"isReminderOn": True})
    made = world.json("post", "/events", single())["id"]
    world.json("patch", f"/events/{made}", {"subject": "Still alone"})
    assert world.ask("delete", f"/events/{made}").status_code == 204


def _event(desk: Desk, *guests: str) -> Any:
    people = [Attendee(mailbox=Mailbox(email_address=who), response_type="Unknown") for who in guests]
    made = CalendarItem(
        account=desk.account,
        folder=desk.account.calendar,
        subject="x",
        start=START,
        end=START,
        required_attendees=people or None,
    )
    return made.save()


def _accept(desk: Desk) -> None:
    invited = _event(desk)
    reference = ReferenceItemId(id=invited.id, changekey=invited.changekey)
    reply = AcceptItem(account=desk.account, reference_item_id=reference)
    reply.send(message_disposition="SendAndSaveCopy")


@pytest.mark.mails
@pytest.mark.parametrize(
    "ask",
    [
        lambda desk: _event(desk).delete(send_meeting_cancellations=SEND_TO_ALL_AND_SAVE_COPY),
        lambda desk: _event(desk, BOB).save(
            update_fields=["subject"], send_meeting_invitations="SendToChangedAndSaveCopy"
        ),
        lambda desk: CalendarItem(
            account=desk.account, folder=desk.account.calendar, subject="x", start=START, end=START
        ).save(send_meeting_invitations=SEND_ONLY_TO_ALL),
        lambda desk: Message(account=desk.account, subject="x", to_recipients=[BOB]).send(),
        _accept,
    ],
)
def test_r10_what_exchange_would_mail_about_is_seen(ews: Desk, ask: Any) -> None:
    with pytest.raises(AssertionError, match="R10"), no_mail():
        ask(ews)


@pytest.mark.mails
def test_r10_exchange_tells_of_all_but_whole_mails_where_answers_are_meant(ews: Desk) -> None:
    with no_mail(), answers_meant() as meant:
        whole = b"From: ada@example.com\r\nTo: bob@example.com\r\nSubject: x\r\n\r\nHello\r\n"
        Message(account=ews.account, folder=ews.account.sent, mime_content=whole).send_and_save()
    assert len(meant) == 1
    with pytest.raises(AssertionError, match="R10"), no_mail(), answers_meant():
        _accept(ews)


def test_r10_what_exchange_is_told_to_be_silent_about_is_let_through(ews: Desk) -> None:
    with watched() as seen:
        event = _event(ews, BOB)
        event.subject = "y"
        event.save(update_fields=["subject"])
        event.delete()
    assert seen == []
