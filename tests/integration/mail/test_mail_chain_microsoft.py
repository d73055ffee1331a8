"""The whole way at Microsoft's systems: a mail becomes a request, the answer goes out once, the reply comes to it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from connectors.mail import After, MailSender, MailSource
from connectors.mail_registry import mail_sender, mail_source
from connectors.settings import ConnectorSettings
from crm.answer.sending import Sending
from crm.intake.model import Taken, What
from crm.intake.reader import Looked, Reader, Reading
from storage import tables as t
from tests.contract.mail_sender_contract import written
from tests.intake_here import Intake, intake_in
from tests.mails_here import SUPPORT
from tests.servers.microsoft.ews import add_person, exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.graph_protocol import Fault
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.no_mail import answers_meant
from tests.servers.microsoft.post import deliver
from tests.servers.microsoft.serving import serving

EVA = "eva@customer.example"
LATER = datetime(2026, 3, 2, 13, tzinfo=UTC)


@dataclass
class Office:
    """A mail system with the support's mailbox and, to see what arrives, a customer's."""

    exchange: Exchange
    source: MailSource
    sender: MailSender
    lose: Callable[[], None]  # the answer to the next mail that is handed over
    hub: Intake
    sending: Sending
    minutes: int = 0

    def arrives(self, subject: str, **headers: str) -> None:
        """Eva's mail."""
        self.minutes += 1
        mail = email.message_from_bytes(written(subject, sender=EVA, to=[SUPPORT]), policy=email.policy.SMTP)
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        at = LATER + timedelta(minutes=self.minutes)
        deliver(self.exchange.mailbox(SUPPORT), mail.as_bytes(), at=at)

    def look(self) -> Looked:
        """As the daemon does."""
        reading = Reading("support", ("INBOX",), After(keyword="AgendaHub"))
        return Reader(self.hub.database, self.hub.settings, self.source, reading).look()

    def got(self) -> list[EmailMessage]:
        """What Eva received."""
        found = [one.mime for one in self.exchange.mailbox(EVA).in_collection("inbox")]
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in found]


@contextmanager
def at_graph() -> Iterator[tuple[Exchange, str, ConnectorSettings, Callable[[], None]]]:
    graph = Graph(Exchange())
    for address in (SUPPORT, EVA):
        graph.server.add_mailbox(address)
    with serving(graph.app()) as graph.url:
        settings = ConnectorSettings(
            f"{graph.url}/v1.0", secret=graph.sign_in.give(SUPPORT), auth="bearer", timeout=0.5
        )
        yield (
            graph.server,
            "microsoft365",
            settings,
            lambda: graph.faults.append(Fault(path="/sendMail", hold=0.6)),
        )


@contextmanager
def at_exchange() -> Iterator[tuple[Exchange, str, ConnectorSettings, Callable[[], None]]]:
    site = Site()
    for login, address in (("support", SUPPORT), ("eva", EVA)):
        add_person(site, login, "secret", address, login)

    def lose() -> None:
        site.mood.commit_then_wait = 0.6

    with exchange_server(site):
        yield site.exchange, "exchange", ConnectorSettings(site.url, "support", "secret", timeout=0.5), lose


@pytest.fixture(params=[at_graph, at_exchange], ids=["graph", "ews"])
def office(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    del tmp_path
    with request.param() as (exchange, kind, settings, lose), intake_in(sqlite_url) as hub, answers_meant():
        sending = Sending(hub.database, hub.settings, "support")
        made = Office(exchange, mail_source(kind, settings), mail_sender(kind, settings), lose, hub, sending)
        made.look()  # from now on mails are no backlog
        yield made
        made.source.close()
        made.sender.close()


def test_q01_a_mail_an_answer_and_the_reply_are_one_request(office: Office) -> None:
    office.arrives("Broken printer")
    looked = office.look()
    assert (looked.counts[What.OPENED], looked.settled, looked.problem) == (1, 1, "")
    assert office.sending.look(office.sender).sent == 1  # that it came
    (acknowledged,) = office.got()
    assert acknowledged["Auto-Submitted"] == "auto-replied"
    (message,) = office.hub.rows(t.messages, direction="in")
    taken = office.hub.rows(t.receipts)
    assert [one.settled_at is not None for one in taken] == [True]

    answered = office.hub.answer(Taken(message.id, message.request_id, What.OPENED))
    assert office.sending.look(office.sender).sent == 1
    gone = office.got()[-1]
    assert gone["Message-ID"] == f"<{answered}>"
    assert gone["In-Reply-To"] == "<Broken-printer@example.org>"

    office.arrives("Re: it works", In_Reply_To=gone["Message-ID"])
    assert office.look().counts[What.ADDED] == 1
    found = office.hub.rows(t.messages, direction="in")
    assert {one.request_id for one in found} == {message.request_id}
    assert office.hub.exactly_once() == {"Broken printer": 1, "Re: it works": 1}
    assert [office.look().taken for _ in range(2)] == [0, 0]


def test_an_answer_whose_outcome_was_lost_goes_out_once(office: Office) -> None:
    office.arrives("Broken printer")
    office.look()
    office.lose()
    assert office.sending.look(office.sender).doubt == 1
    assert office.sending.look(office.sender).sent == 0  # too early to be believed
    office.hub.clock.time += timedelta(minutes=11)
    assert office.sending.look(office.sender).sent == 1
    office.hub.clock.time += timedelta(days=1)
    assert office.sending.look(office.sender).sent == 0
    assert len(office.got()) == 1
