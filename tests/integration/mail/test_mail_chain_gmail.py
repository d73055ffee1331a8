"""The whole way at Gmail: a mail becomes a request, the answer goes out once, the reply comes to it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from connectors.mail import After
from connectors.mail_registry import mail_sender, mail_source
from connectors.settings import ConnectorSettings
from crm.answer.sending import Sending
from crm.intake.model import Taken, What
from crm.intake.reader import Looked, Reader, Reading
from storage import tables as t
from tests.contract.mail_sender_contract import written
from tests.intake_here import Intake, intake_in
from tests.mails_here import SUPPORT
from tests.servers.google_workspace.gmail import Box, SentMail
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.server import Google, google_workspace

EVA = "eva@customer.example"


@dataclass
class Desk:
    """The support's mailbox, and the hub that reads it."""

    google: Google
    hub: Intake
    settings: ConnectorSettings = field(init=False)

    def __post_init__(self) -> None:
        token = self.google.give(SUPPORT)
        self.settings = ConnectorSettings(self.google.url, secret=token, auth="bearer", timeout=0.5, max_wait=0.0)
        self.source = mail_source("google_workspace", self.settings)
        self.sender = mail_sender("google_workspace", self.settings)
        self.sending = Sending(self.hub.database, self.hub.settings, "support")

    @property
    def box(self) -> Box:
        return self.google.gmail.box(SUPPORT)

    def arrives(self, subject: str, **headers: str) -> None:
        """Eva's mail, an hour after the hub began to look."""
        mail = email.message_from_bytes(written(subject, sender=EVA, to=[SUPPORT]), policy=email.policy.SMTP)
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        self.box.deliver(mail.as_bytes()).at = self.hub.clock.time + timedelta(hours=1)

    def look(self) -> Looked:
        """As the daemon does."""
        reading = Reading("support", ("INBOX",), After(keyword="AgendaHub", seen=True))
        return Reader(self.hub.database, self.hub.settings, self.source, reading).look()

    def sent(self) -> list[SentMail]:
        return [one for one in self.google.gmail.sent if EVA in one.recipients]


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with google_workspace() as google, intake_in(sqlite_url) as hub:
        made = Desk(google, hub)
        made.look()  # from now on mails are no backlog
        yield made
        made.source.close()
        made.sender.close()


def test_q01_a_mail_an_answer_and_the_reply_are_one_request(desk: Desk) -> None:
    desk.arrives("Broken printer")
    looked = desk.look()
    assert (looked.counts[What.OPENED], looked.settled, looked.problem) == (1, 1, "")
    (lying,) = desk.box.lying("INBOX")
    assert {desk.box.names[label] for label in lying.labels} == {"INBOX", "AgendaHub"}
    assert desk.sending.look(desk.sender).sent == 1  # that it came
    (message,) = desk.hub.rows(t.messages, direction="in")

    answered = desk.hub.answer(Taken(message.id, message.request_id, What.OPENED))
    assert desk.sending.look(desk.sender).sent == 1
    gone = email.message_from_bytes(desk.sent()[-1].raw, policy=email.policy.default)
    assert gone["Message-ID"] == f"<{answered}>"

    desk.arrives("Re: it works", In_Reply_To=gone["Message-ID"])
    assert desk.look().counts[What.ADDED] == 1
    assert {one.request_id for one in desk.hub.rows(t.messages, direction="in")} == {message.request_id}
    assert desk.hub.exactly_once() == {"Broken printer": 1, "Re: it works": 1}


def test_q01_a_forgotten_history_makes_no_mail_a_second_request(desk: Desk) -> None:
    for n in range(3):
        desk.arrives(f"mail {n}")
    desk.look()
    desk.box.forget()
    desk.arrives("mail 3")
    for _ in range(2):
        desk.look()
    assert desk.hub.exactly_once() == {f"mail {n}": 1 for n in range(4)}


def test_an_answer_whose_outcome_was_lost_goes_out_once(desk: Desk) -> None:
    desk.arrives("Broken printer")
    desk.look()
    desk.google.faults.append(Fault(method="messages.send", hold=0.6))
    assert desk.sending.look(desk.sender).doubt == 1
    for _ in range(2):
        desk.hub.clock.time += timedelta(minutes=11)
        desk.sending.look(desk.sender)
    assert len(desk.sent()) == 1
