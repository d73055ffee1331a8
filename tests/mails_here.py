"""Mails of customers, for tests of the intake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

SUPPORT = "support@example.org"
WRITTEN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def mail(
    subject: str = "My printer",
    *,
    sender: str = "Eva Rossi <eva@customer.example>",
    to: str = f"Support <{SUPPORT}>",
    message_id: str = "",
    date: datetime | None = WRITTEN,
    text: str = "It does not print.",
    more: Mapping[str, str] | None = None,
) -> bytes:
    """One mail as it lies at its server. Without a Message-ID one is made of the subject; "-" for none."""
    name = message_id or f"{subject.replace(' ', '-').lower()}@customer.example"
    headers = {
        "Return-Path": "<bounce@customer.example>",
        "From": sender,
        "To": to,
        "Subject": subject,
        "Message-ID": f"<{name}>",
        "Date": format_datetime(date) if date else "",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    if message_id == "-":
        del headers["Message-ID"]
    headers |= more or {}
    head = "".join(f"{key}: {value}\r\n" for key, value in headers.items() if value)
    return (head + "\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()
