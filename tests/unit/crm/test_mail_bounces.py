"""Delivery reports: of which mail, for whom, and whether for good."""

from __future__ import annotations

import pytest

from crm.mail.model import DeliveryReport
from crm.mail.reading import read_mail
from tests.unit.crm.test_mail_reading import read


def test_q07_a_report_names_the_mail_and_the_address_that_failed() -> None:
    mail = read("bounce_report")
    said = "550 5.1.1 <gone@customer.example>: no such mailbox"
    assert mail.automatic == "bounce"
    assert mail.report == DeliveryReport("failed", ("mario@customer.example",), "5.1.1", said, "our.9@company.example")
    assert mail.report.permanent


def test_q07_a_report_that_is_only_words() -> None:
    mail = read("bounce_words")
    assert mail.automatic == "bounce"
    said = "192.0.2.32 said: 550 5.1.1 Unknown user gone@far.example"
    assert mail.report == DeliveryReport("failed", ("gone@far.example",), "5.1.1", said, "our.10@company.example")


def report(*groups: str) -> DeliveryReport | None:
    head = "From: MAILER-DAEMON@x.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    status = "Reporting-MTA: dns; x.example\n\n" + "\n\n".join(groups)
    return read_mail(f"{head}--b\nContent-Type: message/delivery-status\n\n{status}\n--b--\n".encode()).report


def test_the_worst_of_several_recipients_counts() -> None:
    found = report(
        "Final-Recipient: rfc822; a@x.example\nAction: delivered\nStatus: 2.0.0",
        "Final-Recipient: rfc822; b@x.example\nAction: failed\nStatus: 5.2.2",
        "Final-Recipient: rfc822; c@x.example\nAction: delayed\nStatus: 4.4.1",
    )
    assert found == DeliveryReport("failed", ("b@x.example",), "5.2.2")


@pytest.mark.parametrize(
    ("group", "action", "permanent"),
    [
        ("Action: delayed\nStatus: 4.4.7", "delayed", False),
        ("Action: failed\nStatus: 4.4.7", "failed", False),
        ("Action: expanded\nStatus: 2.0.0", "expanded", False),
        ("Action: odd\nStatus: 5.0.0", "failed", True),
        ("Status: 4.0.0", "delayed", False),
    ],
)
def test_what_is_for_good(group: str, action: str, permanent: bool) -> None:
    found = report(f"Final-Recipient: rfc822; a@x.example\n{group}")
    assert found is not None
    assert (found.action, found.permanent) == (action, permanent)


def test_a_delay_in_words() -> None:
    text = "Warning: your message to <a@x.example> was not delivered yet. 451 4.4.1 timeout. It will be retried."
    mail = read_mail(f"From: MAILER-DAEMON@x.example\nSubject: Warning: message delayed\n\n{text}".encode())
    assert mail.report is not None
    assert (mail.report.action, mail.report.recipients) == ("delayed", ("a@x.example",))


def test_a_person_who_passes_a_bounce_on_is_a_person() -> None:
    text = "I got this:\n\nThis is the mail system at host x. <b@x.example>: user unknown"
    mail = read_mail(f"From: eva@customer.example\nSubject: Undelivered Mail Returned to Sender\n\n{text}".encode())
    assert (mail.report, mail.automatic) == (None, "")


def test_a_person_who_passes_a_report_on_with_all_its_parts_is_a_person() -> None:
    status = "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1"
    parts = f"--b\n\nWhat does this mean?\n--b\nContent-Type: message/delivery-status\n\n{status}\n\n--b--\n"
    head = "From: Eva <eva@customer.example>\nSubject: Fwd: Undelivered\nContent-Type: multipart/mixed; boundary=b\n\n"
    mail = read_mail((head + parts).encode())
    assert (mail.report, mail.automatic) == (None, "")
