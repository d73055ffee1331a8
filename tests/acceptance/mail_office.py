"""A company with a mail server, a customer outside it, and a hub that reads the company's mailbox."""

from __future__ import annotations

import imaplib
import json
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

import requests

from sync_engine.formats import parts_of
from sync_engine.item import Item
from sync_engine.model import EventDetails
from tests.hub_process import Hub
from tests.servers import dovecot as dovecots
from tests.servers import smtp as smtps
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

SUPPORT, CUSTOMER = "support@example.org", "rossi@example.org"


@dataclass
class MailOffice:
    """Dovecot, and an SMTP server in front of it through which everybody's mail goes."""

    imap: Dovecot
    smtp: SmtpServer

    def accounts(self, hub: Hub) -> str:
        """What an admin writes into the configuration: two accounts and a mailbox."""
        for name, secret in (("imap", dovecots.PASSWORD), ("smtp", smtps.PASSWORD)):
            (hub.folder / f"{name}.secret").write_text(secret + "\n")
        imap = {"url": self.imap.tls_url, "username": "support", "ca_file": str(self.imap.ca_file)}
        smtp = {"url": self.smtp.tls_url, "username": smtps.USER, "ca_file": str(self.smtp.ca_file)}
        box = {"name": "support", "account": "imap", "address": SUPPORT, "send_through": "smtp", "interval": "2s"}
        sections = (
            ("accounts", {"name": "imap", "connector": "imap", "secret": "file:imap.secret"} | imap),
            ("accounts", {"name": "smtp", "connector": "smtp", "secret": "file:smtp.secret"} | smtp),
            ("mailboxes", box),
        )
        return "".join(
            f"\n[[{section}]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
            for section, values in sections
        )

    def send(self, mail: EmailMessage, to: str) -> None:
        """As a program of the customer does."""
        with smtplib.SMTP("127.0.0.1", self.smtp.port) as line:
            line.send_message(mail, CUSTOMER, [to])

    def inbox(self, user: str) -> list[EmailMessage]:
        """Mails in somebody's inbox, in the order they came."""
        with imaplib.IMAP4("127.0.0.1", self.imap.port) as line:
            line.login(user, dovecots.PASSWORD)
            line.select("INBOX", readonly=True)
            (numbers,) = line.search(None, "ALL")[1]
            fetched = [line.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers.split()]
        return [message_from_bytes(found[1], policy=policy.default) for found in fetched if isinstance(found, tuple)]


@contextmanager
def mail_office(folder: Path) -> Iterator[MailOffice]:
    """For a while."""
    folder.mkdir()
    with dovecots.dovecot() as imap, smtps.smtp(folder) as server:
        server.signed_in_only = False  # it takes mail from other companies too
        server.relay = imap.deliver
        yield MailOffice(imap, server)


def mail(subject: str, text: str, *, answers: EmailMessage | None = None, invitation: str = "") -> EmailMessage:
    """Of the customer, as his program writes it."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Maria Rossi <{CUSTOMER}>", SUPPORT, subject
    made["Date"], made["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid(domain="client.example")
    if answers is not None:
        made["In-Reply-To"] = answers["Message-ID"]
        made["References"] = " ".join(filter(None, (answers["References"], answers["Message-ID"])))
    made.set_content(text)
    if invitation:
        made.add_alternative(invitation, subtype="calendar", params={"method": "REQUEST"})
    return made


class Api:
    """One user's way in."""

    def __init__(self, hub: Hub, token: str) -> None:
        self.url = f"{hub.url}/api/v1"
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Any = None, *, code: int = 200) -> Any:
        """The answer, which must have this status."""
        found = requests.request(method, self.url + path, json=body, headers=self.headers, timeout=30)
        assert found.status_code == code, (method, path, found.status_code, found.text)
        return found.json()

    def get(self, path: str) -> Any:
        return self.ask("GET", path)


def details(texts: list[str]) -> dict[str, EventDetails]:
    """Title -> the event, of some calendars as text."""
    records = [Item.read(part).record for text in texts for part in parts_of(text)]
    masters = [record.master for record in records if hasattr(record, "master")]
    return {master.summary: master for master in masters if isinstance(master, EventDetails)}
