"""Mails that we write: automatic ones say so, and nothing can be smuggled into a header (REQUESTS.md 8, 11)."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from crm.answer import mime
from crm.answer.mime import Envelope, write
from crm.answer.model import Calendar, File, Outgoing
from crm.answer.subjects import answer_to, forward_of, with_token
from crm.errors import Invalid
from crm.mail.model import Party

EVA = Party("eva@customer.example", "Eva Blau")
ENVELOPE = Envelope(
    Party("support@example.org", "Support"), "r1.a.b@example.org", "Re: x", datetime(2026, 3, 2, tzinfo=UTC)
)
MAIL = Outgoing(1, "support", (EVA,), "Re: x", "Good morning.")


def read(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_q08_automatic_mail_says_so_and_a_persons_does_not() -> None:
    written = read(write(replace(MAIL, automatic="reply"), ENVELOPE))
    assert written["Auto-Submitted"] == "auto-replied"
    assert written["X-Auto-Response-Suppress"] == "All"
    assert read(write(MAIL, ENVELOPE))["Auto-Submitted"] is None


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\r", "\x00", "\x85", "\u2028", "\x1b"])
def test_q11_a_header_cannot_be_smuggled_in(mark: str) -> None:
    bad = f"x{mark}Bcc: everybody@example.org"
    for mail, envelope in (
        (MAIL, replace(ENVELOPE, subject=bad)),
        (replace(MAIL, to=(Party(EVA.address, bad),)), ENVELOPE),
        (replace(MAIL, to=(Party(f"eva{mark}@x.example"),)), ENVELOPE),
        (replace(MAIL, files=(File(f"a{mark}b", "a/b", b""),)), ENVELOPE),
    ):
        with pytest.raises(Invalid):
            write(mail, envelope)


def test_q11_ids_of_strangers_mails_bring_nothing_with_them() -> None:
    envelope = replace(ENVELOPE, in_reply_to="a\r\nBcc: x@y", references=("good@x", "a b@c", "<x>@y", "é@y", ""))
    written = read(write(MAIL, envelope))
    assert written["Bcc"] is None
    assert written["In-Reply-To"] is None
    assert written["References"] == "<good@x>"


def test_blind_copies_stand_on_the_envelope_alone() -> None:
    mail = replace(MAIL, cc=(Party("otto@x.example"),), bcc=(Party("Boss@Example.org"), EVA))
    assert b"oss@" not in write(mail, ENVELOPE)
    assert mime.recipients(mail) == ("eva@customer.example", "otto@x.example", "Boss@example.org")


def test_an_answer_to_an_invitation_is_a_calendar_part_beside_the_text() -> None:
    written = read(write(replace(MAIL, calendar=Calendar("REPLY", "BEGIN:VCALENDAR\r\n"), html="<b>x</b>"), ENVELOPE))
    assert [part.get_content_type() for part in written.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    calendar = list(written.iter_parts())[-1]
    assert calendar["Content-Type"].params["method"] == "REPLY"
    assert calendar.get_content() == "BEGIN:VCALENDAR\r\n"


def test_html_goes_out_clean() -> None:
    written = read(write(replace(MAIL, html="<p onclick='x()'>a<script>b()</script><b>c</b>"), ENVELOPE))
    found = written.get_body(("html",))
    assert found is not None
    assert found.get_content().strip() == "<p>a<b>c</b></p>"


def test_limits_are_said() -> None:
    for mail, words in (
        (replace(MAIL, to=()), "recipient"),
        (replace(MAIL, to=tuple(Party(f"a{n}@x.example") for n in range(101))), "100 addresses"),
        (replace(MAIL, files=(File("a", "a/b", b""),) * 51), "50 files"),
        (replace(MAIL, files=(File("a", "a/b", b"x" * (13 * 2**20)),) * 2), "25 MiB"),
        (replace(MAIL, text="x" * (mime.MOST_TEXT + 1)), "2 million"),
        (replace(MAIL, to=(Party("no address"),)), "no mail address"),
        (replace(MAIL, to=(Party('"a b"@x.example'),)), "no mail address"),
        (replace(MAIL, to=(Party("a@-x.example"),)), "no mail address"),
    ):
        with pytest.raises(Invalid, match=words):
            write(mail, ENVELOPE)


def test_a_part_that_could_be_read_as_a_mail_is_a_plain_file() -> None:
    files = (File("m.eml", "message/rfc822", b"Subject: x\r\n\r\n"), File("n", "no type", b"y"))
    written = read(write(replace(MAIL, files=files), ENVELOPE))
    assert [part.get_content_type() for part in written.iter_attachments()] == ["application/octet-stream"] * 2


def test_subjects() -> None:
    assert with_token("Broken", "R-2026-17") == "Broken [R-2026-17]"
    assert with_token("Re: broken [r-2026-17] now", "R-2026-17") == "Re: broken [r-2026-17] now"
    assert with_token("", "R-1") == "[R-1]"
    assert with_token("x" * 900, "R-1").endswith(" [R-1]")
    assert len(with_token("x" * 900, "R-1")) == 500
    assert answer_to("RE: AW[2]: Fwd:  Broken\r\n printer ") == "Re: Broken printer"
    assert answer_to("") == "Re:"
    assert answer_to("Regarding: x") == "Re: Regarding: x"
    assert forward_of("re: x") == "Fwd: x"
