"""A hub with a mailbox, an operator and customers who write; and a mail system that takes what we send."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TypeVar

from sqlalchemy import insert, select

from connectors.mail import Receipt, Sent
from crm.actor import OUTBOX, Actor
from crm.answer.model import Outgoing
from crm.answer.outbox import waiting_of
from crm.answer.sending import Pass, Sending
from crm.intake.customers import Customer, provisional
from crm.intake.model import Delivered, Taken
from crm.intake.taking import take
from crm.mail.model import Party
from crm.request.history import history
from crm.request.model import Happening, NewRequest, Request
from crm.request.opening import open_request
from crm.request.reading import request
from crm.settings import CrmSettings, Mailbox
from storage import tables as t
from storage.database import Database
from storage.unit_of_work import SqlUnitOfWork

Result = TypeVar("Result")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
EVA = "eva@customer.example"
HELP = Mailbox("help", "help@example.org", "Help Desk", "Example Ltd, phone 01 234", acknowledge=True)
SALES = Mailbox("sales", "sales@example.org")
SETTINGS = CrmSettings(
    mailboxes={"help": HELP, "sales": SALES},
    own_addresses=frozenset({"help@example.org", "sales@example.org"}),
    web_url="https://hub.example.org",
    signing_key=b"k" * 32,
)


@dataclass
class FarSide:
    """A mail system in memory: `raises` is what the next mails meet, each once."""

    gone: list[tuple[bytes, str, tuple[str, ...]]] = field(default_factory=list)
    raises: list[Exception | Receipt] = field(default_factory=list)
    takes_anyway: bool = False  # the mail goes out although the answer is an error
    tells: bool = False  # whether `find_sent` knows; else it cannot tell
    rewrites: bool = False  # it writes Message-IDs of its own, and finds mails by those alone
    asked: list[str] = field(default_factory=list)

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Receipt:
        trouble = self.raises.pop(0) if self.raises else None
        if trouble is None or isinstance(trouble, Receipt) or self.takes_anyway:
            self.gone.append((raw, sender, tuple(recipients)))
        if isinstance(trouble, Exception):
            raise trouble
        return trouble or Receipt(Sent.ACCEPTED)

    def find_sent(self, message_id: str) -> bool | None:
        self.asked.append(message_id)
        if not self.tells:
            return None
        return not self.rewrites and any(mail["Message-ID"] == f"<{message_id}>" for mail in self.mails())

    def close(self) -> None:
        return

    def mails(self) -> list[EmailMessage]:
        return [parsed(raw) for raw, _sender, _recipients in self.gone]


def parsed(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


class AnswerWorld:
    """One database; the clock stands until `pass_time`."""

    def __init__(self, url: str) -> None:
        self.now = START
        self.database = Database(url, clock=lambda: self.now)
        self.far = FarSide()
        self.settings = SETTINGS
        self.sending = Sending(self.database, SETTINGS, "help")
        self._mails = 0
        self.ada = Actor("ada", self._user("ada"), "ada@example.org", unlimited=True)

    def close(self) -> None:
        self.database.dispose()

    def do(self, work: Callable[[SqlUnitOfWork], Result]) -> Result:
        with self.database.begin() as unit:
            return work(unit)

    def pass_time(self, **how: float) -> None:
        self.now += timedelta(**how)

    def look(self) -> Pass:
        return self.sending.look(self.far)

    def request(self, **more: object) -> Request:
        """One of Eva's, with somebody responsible."""

        def open_one(unit: SqlUnitOfWork) -> Request:
            eva = provisional(unit, self.settings, Customer(None, "unknown", "Eva Blau", EVA))
            unit.flush()
            new = NewRequest("Broken printer", customer_id=eva.id, customer_name="Eva Blau", customer_address=EVA)
            wanted = replace(new, mailbox="help", responsible_id=self.ada.user_id, **more)  # type: ignore[arg-type]
            return open_request(unit, self.settings, OUTBOX, wanted)

        return self.do(open_one)

    def arrives(self, **headers: str) -> Taken:
        """A mail comes by the intake; `text` is its body, the others are headers (`_` is `-`)."""
        self._mails += 1
        told = {"From": f"Eva Blau <{EVA}>", "To": HELP.address, "Subject": "Broken printer", **headers}
        text = told.pop("text", "It does not print.\n")
        mail = EmailMessage(policy=email.policy.SMTP)
        told.setdefault("Message_ID", f"<m{self._mails}@customer.example>")
        told.setdefault("Date", "Mon, 02 Mar 2026 08:00:00 +0000")
        for name, value in told.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        return self.takes(mail.as_bytes())

    def takes(self, raw: bytes) -> Taken:
        self._mails += 1
        before = START - timedelta(days=1)
        mail = Delivered("help", "INBOX", f"1:{self._mails}", raw, self.now, before)
        return self.do(lambda unit: take(unit, self.settings, mail))

    def history(self, request_id: int) -> list[Happening]:
        """The oldest line first."""
        return list(reversed(self.do(lambda unit: history(unit, OUTBOX, request_id))))

    def shown(self, request_id: int) -> Request:
        return self.do(lambda unit: request(unit, OUTBOX, request_id))

    def state(self, message_id: int) -> tuple[str, str]:
        """What the outbox and the message say of a mail."""

        def look(unit: SqlUnitOfWork) -> tuple[str, str]:
            found = waiting_of(unit, message_id)
            assert found is not None
            said = unit.session.connection.execute(select(t.messages.c.state).where(t.messages.c.id == message_id))
            return found.state, str(said.scalar_one())

        return self.do(look)

    def outgoing(self, request_id: int, **more: object) -> Outgoing:
        mail = Outgoing(request_id, "help", (Party(EVA, "Eva Blau"),), "Re: Broken printer", "We look at it.\n")
        return replace(mail, **more)  # type: ignore[arg-type]

    def _user(self, name: str) -> int:
        def add(unit: SqlUnitOfWork) -> int:
            row = {"name": name, "display_name": name.title(), "address": f"{name}@example.org", "created_at": self.now}
            key = unit.session.connection.execute(insert(t.users).values(**row)).inserted_primary_key
            assert key is not None
            return int(key[0])

        return self.do(add)
