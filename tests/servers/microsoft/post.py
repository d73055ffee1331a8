"""Whole mails in the mailboxes of a Microsoft server: delivered, handed over to be sent, and kept byte for byte."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from tests.servers.microsoft import moments
from tests.servers.microsoft.ews_properties import TAG
from tests.servers.microsoft.ews_xml import instant, local, stored, t
from tests.servers.microsoft.mailbox import Exchange, Fields, Item, Mailbox

_OF_METHOD = {"REQUEST": "MeetingRequest", "CANCEL": "MeetingCancellation", "REPLY": "MeetingResponse"}
_ALL = ("to", "cc", "bcc")


class NoRecipients(Exception):
    """Nobody would get this mail."""


def deliver(
    mailbox: Mailbox, raw: bytes, folder: str = "inbox", at: datetime | None = None, *, draft: bool = False
) -> Item:
    """A mail comes into a folder."""
    with mailbox.server.lock:
        when = at or mailbox.server.clock()
        make = _of_ews if mailbox.speaks == "ews" else _of_graph
        item = mailbox.create(folder, make(raw, when, draft))
        item.mime = raw
        return item


def submit(mailbox: Mailbox, raw: bytes) -> Item:
    """Send a mail: to the mailboxes of this server that its headers name, and a copy into Sent Items."""
    server: Exchange = mailbox.server
    people = recipients_of(raw)
    if not people:
        raise NoRecipients
    server.send(mailbox.address, people, "message", str(parsed(raw).get("Subject", "")), raw)
    for address in people:
        if address in server.mailboxes:
            deliver(server.mailbox(address), without_bcc(raw))
    copy = deliver(mailbox, raw, "sentitems")
    mailbox.update(copy.id, {"isRead": True} if mailbox.speaks == "graph" else {"IsRead": stored(t("IsRead", "true"))})
    return copy


def recipients_of(raw: bytes) -> list[str]:
    """In small letters, each once."""
    headers = parsed(raw)
    lines = [str(line) for name in _ALL for line in headers.get_all(name, [])]
    return list(dict.fromkeys(address.lower() for _, address in getaddresses(lines) if "@" in address))


def without_bcc(raw: bytes) -> bytes:
    """As the others get it."""
    kept, skipping = [], False
    head, blank, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    for line in head.splitlines(keepends=True):
        skipping = line.lower().startswith(b"bcc:") or (skipping and line[:1] in b" \t")
        kept += [] if skipping else [line]
    return b"".join(kept) + blank + body


def with_files(raw: bytes, files: Iterable[tuple[str, str, bytes]]) -> bytes:
    """A draft with the files that were brought one by one: name, type, content."""
    mail: Any = BytesParser(policy=policy.SMTP).parsebytes(raw)
    for name, media_type, content in files:
        main, _, sub = media_type.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return bytes(mail.as_bytes())


def parsed(raw: bytes) -> Message:
    """Whatever it is."""
    return BytesParser(policy=policy.compat32).parsebytes(raw)


def message_id(raw: bytes) -> str:
    """With its brackets; "" for none."""
    return str(parsed(raw).get("Message-ID", "")).strip()


def _people(headers: Message, name: str) -> list[tuple[str, str]]:
    return [(who, address) for who, address in getaddresses([str(h) for h in headers.get_all(name, [])]) if address]


def _sent_at(headers: Message, otherwise: datetime) -> datetime:
    try:
        found = parsedate_to_datetime(str(headers.get("Date", "")))
    except (TypeError, ValueError):
        return otherwise
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _of_graph(raw: bytes, when: datetime, draft: bool) -> Fields:
    headers = parsed(raw)

    def people(name: str) -> list[Fields]:
        return [{"emailAddress": {"name": who or a, "address": a}} for who, a in _people(headers, name)]

    sender = next(iter(people("from")), None)
    fields = {"subject": str(headers.get("Subject", "")), "internetMessageId": message_id(raw) or None}
    times = {"receivedDateTime": moments.stamp(when), "sentDateTime": moments.stamp(_sent_at(headers, when))}
    known = {"isRead": draft, "isDraft": draft, "categories": [], "from": sender, "sender": sender}
    return {**fields, **times, **known, **{f"{name}Recipients": people(name) for name in _ALL}}


def _of_ews(raw: bytes, when: datetime, draft: bool) -> Fields:
    headers = parsed(raw)

    def boxes(name: str) -> list[Any]:
        return [t("Mailbox", t("Name", _clean(who) or a), t("EmailAddress", a)) for who, a in _people(headers, name)]

    parts = [
        t("Subject", _clean(str(headers.get("Subject", "")))[:255]),
        t("DateTimeReceived", instant(when)),
        t("DateTimeSent", instant(_sent_at(headers, when))),
        t("Size", str(len(raw))),
        t("IsDraft", "true" if draft else "false"),
        t("IsRead", "true" if draft else "false"),
        *([t("InternetMessageId", _clean(message_id(raw)))] if message_id(raw) else []),
        *[t(f"{name.capitalize()}Recipients", *boxes(name)) for name in _ALL if boxes(name)],
        *[t("From", box) for box in boxes("from")[:1]],
    ]
    tag = next((_OF_METHOD[m] for part in headers.walk() if (m := _method(part)) in _OF_METHOD), "")
    return {local(part): stored(part) for part in parts} | ({TAG: tag} if tag else {})


def _method(part: Message) -> str:
    return str(part.get_param("method", "")).upper() if part.get_content_type() == "text/calendar" else ""


def _clean(words: str) -> str:
    """What XML can hold."""
    return "".join(c if c.isprintable() else " " for c in words).strip()


def encoded(raw: bytes) -> str:
    """Base64."""
    return base64.b64encode(raw).decode()
