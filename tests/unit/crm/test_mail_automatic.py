"""Automatic mail, line by line of REQUESTS.md 7; and that a person is a person."""

from __future__ import annotations

import pytest

from crm.mail.reading import read_mail
from tests.unit.crm.test_mail_reading import read

OWN = frozenset({"help@company.example"})


def kind(headers: str, own: frozenset[str] = OWN) -> str:
    mail = read_mail(f"From: Eva <eva@customer.example>\nSubject: Hello\n{headers}\n\nwords".encode(), own=own)
    assert mail.report is None
    return mail.automatic


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("Auto-Submitted: auto-generated", "auto-generated"),
        ("Auto-Submitted: auto-replied (vacation); owner=eva", "auto-replied"),
        ("AUTO-SUBMITTED: anything", "auto-generated"),
        ("Precedence: bulk", "bulk"),
        ("Precedence: list", "list"),
        ("Precedence: junk", "bulk"),
        ("Precedence: auto_reply", "auto-replied"),
        ("List-Id: <a.b>", "list"),
        ("List-Unsubscribe: <mailto:x@y>", "list"),
        ("X-Auto-Response-Suppress: OOF, AutoReply", "suppressed"),
        ("X-Loop: eva@customer.example", "loop"),
        ("X-Autoreply: yes", "auto-replied"),
        ("X-Autorespond: 1", "auto-replied"),
        ("X-Autoresponder: x", "auto-replied"),
        ("X-Autoreply-From: eva@customer.example", "auto-replied"),
        ("X-Mail-Autoreply: x", "auto-replied"),
        ("X-Precedence: auto_reply", "auto-replied"),
        ("Return-Path: <>", "empty-path"),
        ("Return-Path:", "empty-path"),
        ("Subject: Automatic reply: Offer", "auto-replied"),  # a second Subject is passed over
    ],
)
def test_q07_automatic_mail(header: str, wanted: str) -> None:
    text = f"From: Eva <eva@customer.example>\n{header}\nSubject: Hello\n\nwords"
    assert read_mail(text.encode(), own=OWN).automatic == wanted


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Auto-Submitted: NO (a person)",
        "Precedence: first-class",
        "X-Auto-Response-Suppress: None",
        "X-Autoreply: no",
        "Return-Path: <eva@customer.example>",
        "X-Mailer: Outlook",
    ],
)
def test_q07_a_persons_mail_is_not_automatic(header: str) -> None:
    assert kind(header) == ""


@pytest.mark.parametrize(
    "subject", ["Automatic reply does not work", "Re: out of office next week?", "Delivery problem with my order"]
)
def test_a_person_may_write_about_it(subject: str) -> None:
    assert read_mail(f"From: eva@customer.example\nSubject: {subject}\n\nwords".encode()).automatic == ""


def test_q07_our_own_addresses_are_automatic() -> None:
    assert read_mail(b"From: help@company.example\n\n", own=OWN).automatic == "own"


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@x.example", "no-reply@x.example", "postmaster@x.example"])
def test_machines_are_not_answered(sender: str) -> None:
    assert read_mail(f"From: {sender}\nSubject: Your invoice\n\nwords".encode()).automatic == "auto-generated"


def test_samples() -> None:
    assert read("out_of_office").automatic == "auto-replied"
    assert read("out_of_office").report is None
    assert read("list").automatic == "list"


@pytest.mark.parametrize(
    ("kind_", "wanted"), [("disposition-notification", "receipt"), ("feedback-report", "feedback")]
)
def test_other_reports_are_automatic_and_no_bounces(kind_: str, wanted: str) -> None:
    head = f"From: eva@customer.example\nContent-Type: multipart/report; report-type={kind_}; boundary=b\n\n"
    part = f"--b\n\nSeen.\n--b\nContent-Type: message/{kind_}\n\nFinal-Recipient: rfc822; eva@customer.example\n--b--\n"
    mail = read_mail((head + part).encode())
    assert (mail.automatic, mail.report) == (wanted, None)
