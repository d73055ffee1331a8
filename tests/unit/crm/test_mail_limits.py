"""Bounds before any parser (QUALITY.md): beyond them the mail is still read as far as it goes, and quickly."""

from __future__ import annotations

import time

import pytest

from crm.mail import limits
from crm.mail.model import Mail
from crm.mail.reading import unguarded

HEAD = b"From: a@x.example\nTo: help@company.example\nSubject: bomb\nMessage-ID: <b@x.example>\n"


def nested(depth: int) -> bytes:
    parts = [b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)]
    return HEAD + b"".join(parts) + b"\nthe words\n"


def parts(count: int, boundary: bytes = b"b") -> bytes:
    head = HEAD + b"Content-Type: multipart/mixed; boundary=%s\n\n" % boundary
    return head + b"".join(b"--%s\nContent-Type: application/x\n\n%d\n" % (boundary, n) for n in range(count))


BOMBS = {
    "size": (HEAD + b"\nwords" + b"x" * (limits.MAIL + 1), "The mail is larger than 50 MiB: its end was not read."),
    "parts": (parts(5000), "More than 500 parts: the rest was left out."),
    "depth": (nested(2000), "Parts nested deeper than 20 were not read."),
    "headers": (HEAD + b"X-A: b\n" * 200_000 + b"\nthe words", "More than 1000 headers: the rest was left out."),
    "addresses": (
        HEAD + b"Cc: " + b"c@x.example, " * 20_000 + b"\n\n",
        "More than 500 addresses: the rest was left out.",
    ),
    "invitation": (
        HEAD + b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR" + b"\nX:y" * 500_000,
        "An invitation is too large to be read.",
    ),
    "text": (HEAD + b"\n" + b"words " * 400_000, "The text is longer than can be kept: its end is in the mail only."),
    "html": (
        HEAD + b"Content-Type: text/html\n\n" + b"<p>words</p>" * 200_000,
        "The HTML is longer than can be shown: its end was left out.",
    ),
}


def quickly(raw: bytes, seconds: float) -> Mail:
    began = time.process_time()
    mail = unguarded(raw, trusted=frozenset({"x"}))
    assert time.process_time() - began < seconds
    return mail


@pytest.mark.parametrize("name", BOMBS)
def test_q02_what_is_over_a_bound_is_told_and_the_rest_is_read(name: str) -> None:
    raw, problem = BOMBS[name]
    mail = quickly(raw, 5)
    assert problem in mail.problems
    assert (mail.sender.address, mail.subject, mail.message_id) == ("a@x.example", "bomb", "b@x.example")
    assert mail.size == len(raw)
    assert len(mail.attachments) <= limits.PARTS
    assert len(mail.to) + len(mail.cc) <= limits.ADDRESSES
    assert len(mail.text) <= limits.TEXT


def test_the_bounds_themselves_are_fine() -> None:
    for raw in (
        parts(500),
        nested(20),
        HEAD + b"Cc: " + b"c@x.example," * 498 + b"\n\n",
        HEAD + b"X-A: b\n" * 996 + b"\n",
    ):
        assert unguarded(raw).problems == ()
    assert unguarded(nested(20)).text == "the words"
    assert len(unguarded(parts(500)).attachments) == 500


COSTLY = {
    "comments in From": b"From: " + b"(" * 120_000 + b"\n\n",
    "quotes in From": b'From: "' + b'\\"' * 60_000 + b"\n\n",
    "at signs in From": b"From: " + b"@" * 120_000 + b"\n\n",
    "addresses without commas": b"From: " + b"a@b " * 30_000 + b"\n\n",
    "one long name": b"From: " + b"a" * 120_000 + b"\n\n",
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 9_000 + b"\n\n",
    "halves of encoded words": b"Subject: " + b"=?utf-8?q?" * 12_000 + b"\n\n",
    "question marks": b"Subject: " + b"=?" * 60_000 + b"\n\n",
    "parameters": b"Content-Type: text/plain" + b"; a=b" * 25_000 + b"\n\n",
    "pieces of parameters": b"Content-Type: text/plain" + b"; a*1=b" * 18_000 + b"\n\n",
    "spaces": b"Content-Type: text/plain;" + b" " * 120_000 + b"\n\n",
    "groups in From": b"From: " + b"@:" * 60_000 + b"\n\n",
    "many lists of addresses": (b"To: " + b"a@x.example," * 10_000 + b"\n") * 100 + b"\n",
    "many lists of nothing": (b"To: " + b"<a@" * 40_000 + b"\n") * 100 + b"\n",
    "references": b"References: " + b"<a@b>" * 25_000 + b"\n\n",
    "angle brackets": b"References: " + b"<" * 120_000 + b"\n\n",
    "a boundary everywhere": parts(20, b"b") + b"--b" * 500_000,
    "a boundary of one sign": HEAD + b"Content-Type: multipart/mixed; boundary=-\n\n" + b"---\n" * 500_000,
    "blanks after delimiters": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\n\n"
    + (b"--b" + b" " * 999 + b"x\n") * 2_000,
    "continuation lines": b"Subject: x\n" + b" \n" * 500_000,
    "millions of continuation lines": b"Subject: x\n" + b" \n" * 10_000_000,
    "millions of lines of a mbox": b"Subject: x\n" + b">From a\n" * 5_000_000,
    "carriage returns": b"\r" * 2_000_000,
    "empty lines": b"\n" * 2_000_000,
    "tags": HEAD + b"Content-Type: text/html\n\n" + b"<" * 300_000,
    "comments": HEAD + b"Content-Type: text/html\n\n" + b"<!--" * 240_000,
    "alt": HEAD + b"Content-Type: text/html\n\n" + b"<img alt=" * 100_000,
    "flowed": HEAD + b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 100_000,
    "words of a bounce": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + b"500 5.1.1 a@b " * 60_000,
    "lines of a bounce": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + b"<a@b>: 550\n" * 60_000,
    "a status report": b"Content-Type: message/delivery-status\n\n" + b"\n" * 500_000,
    "many results": (b"Authentication-Results: x; " + b"dkim=pass header.d=x; " * 400 + b"\n") * 900 + b"\n",
    "results": b"Authentication-Results: x; " + b"(" * 100_000 + b"\n\n",
    "headers of a forward": b"Subject: Fwd: x\n\n" + b"a: b\n" * 200_000,
    "quotes of a forward": b"Subject: Fwd: x\n\n" + b"> " * 200_000,
    "base64": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"=" * 2_000_000,
    "uuencode": HEAD + b"Content-Transfer-Encoding: x-uuencode\n\n" + b"M\n" * 100_000,
    "quoted-printable": HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * 1_000_000,
}


@pytest.mark.parametrize("name", COSTLY)
def test_no_mail_takes_long(name: str) -> None:
    quickly(COSTLY[name], 3)
