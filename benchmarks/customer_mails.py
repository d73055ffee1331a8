"""Mails as customers send them: short ones, HTML with a picture, attachments, answers, and what machines write."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

WORDS = ("printer", "invoice", "order", "delivery", "contract", "paper", "tomorrow", "machine", "broken", "number")
CUSTOMERS = 5000


def address(number: int) -> str:
    """Of a customer."""
    return f"customer{number}@firm{number % 700}.example"


def mails(count: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Subject and octets of each. Of 20: 9 plain, 4 with HTML, 2 with an attachment, 4 answers, 1 automatic."""
    dice = random.Random(seed)
    threads: list[tuple[str, int]] = []
    for number in range(count):
        kind, who = dice.randrange(20), dice.randrange(CUSTOMERS * 2)  # every other one is not known yet
        answered = ""
        if 15 <= kind < 19 and threads:
            answered, who = dice.choice(threads[-2000:])
        name = f"{number}.{seed}@firm.example"
        subject = f"mail {seed}-{number}"
        head = _head(subject, address(who), name, answered, automatic=kind == 19)
        if not answered and kind < 15:
            threads.append((name, who))
        yield subject, head + _body(dice, kind)


def _head(subject: str, sender: str, name: str, answered: str, *, automatic: bool) -> bytes:
    date = format_datetime(datetime.now(UTC))
    lines = [
        "Return-Path: <x@firm.example>",
        "Received: from mx.firm.example by mail.example.org; " + date,
        "Authentication-Results: mail.example.org; spf=pass smtp.mailfrom=firm.example",
        f"From: A Customer <{sender}>",
        "To: Support <support@example.org>",
        f"Subject: {subject}",
        f"Date: {date}",
        f"Message-ID: <{name}>",
        "MIME-Version: 1.0",
        *([f"In-Reply-To: <{answered}>", f"References: <{answered}>"] if answered else []),
        *(["Auto-Submitted: auto-replied"] if automatic else []),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _body(dice: random.Random, kind: int) -> bytes:
    text = "\r\n".join(" ".join(dice.choices(WORDS, k=12)) for _ in range(dice.randint(3, 25)))
    if kind < 9 or kind >= 15:
        return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
    html = "<html><body><p>" + text.replace("\r\n", "</p>\r\n<p>") + "</p></body></html>"
    both = (
        'Content-Type: multipart/alternative; boundary="alt"\r\n\r\n'
        "--alt\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"{text}\r\n--alt\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--alt--\r\n"
    )
    if kind < 13:
        return both.encode()
    file = base64.encodebytes(dice.randbytes(40_000)).replace(b"\n", b"\r\n").decode()
    return (
        'Content-Type: multipart/mixed; boundary="mix"\r\n\r\n--mix\r\n'
        f"{both}\r\n--mix\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="order.pdf"\r\n\r\n{file}\r\n--mix--\r\n'
    ).encode()
