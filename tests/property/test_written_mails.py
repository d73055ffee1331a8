"""What we write is what a reader finds in it, and nothing else: no header, recipient or part is smuggled in."""

from __future__ import annotations

import email
import email.policy
import unicodedata
from datetime import UTC, datetime
from email.message import EmailMessage

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crm.answer.headers import one_line
from crm.answer.mime import Envelope, file_name, write
from crm.answer.model import File, Outgoing
from crm.errors import Invalid
from crm.mail.model import Party

AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HEADERS = {
    "date",
    "from",
    "reply-to",
    "to",
    "cc",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
}
anything = st.text(max_size=120) | st.text('ab =?_"\\,;<>@()\r\n\t\x00äß日', max_size=120)
addresses = st.from_regex(r"[a-z0-9.+_\-]{1,20}@[a-z0-9]{1,20}(\.[a-z]{2,8}){1,2}", fullmatch=True)


def is_one_line(text: str) -> bool:
    return all(unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") for letter in text.strip())


def parsed(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert not any(part.defects for part in found.walk())
    return found


def envelope(subject: str) -> Envelope:
    return Envelope(Party("support@example.org", "Support"), "r1.a.b@example.org", subject, AT, "x@y", ("w@y", "x@y"))


@settings(max_examples=150, deadline=None)
@given(subject=anything, name=anything, to=st.lists(addresses, min_size=1, max_size=5, unique=True), text=anything)
def test_a_reader_finds_what_was_written(subject: str, name: str, to: list[str], text: str) -> None:
    mail = Outgoing(1, "support", tuple(Party(one, name) for one in to), subject, text)
    try:
        raw = write(mail, envelope(subject))
    except Invalid:
        assert not (is_one_line(subject) and is_one_line(name))
        return
    assert is_one_line(subject)
    assert is_one_line(name)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    found = parsed(raw)
    assert {header.lower() for header in found} <= HEADERS
    assert str(found["subject"]).strip() == one_line(subject, "").strip()
    assert [one.addr_spec for one in found["to"].addresses] == to
    assert found["message-id"] == "<r1.a.b@example.org>"
    assert str(found["references"]).split() == ["<w@y>", "<x@y>"]
    assert found.get_content_type() == "text/plain"
    shown = found.get_content().replace("\r\n", "\n")
    assert shown.split() == text.encode(errors="replace").decode().split()


@settings(max_examples=100, deadline=None)
@given(name=anything, content=st.binary(max_size=300), html=anything)
def test_files_arrive_octet_by_octet_under_a_safe_name(name: str, content: bytes, html: str) -> None:
    mail = Outgoing(1, "s", (Party("a@b.de"),), "s", "t", html=html, files=(File(name, "image/png", content),))
    try:
        wanted = file_name(name)
    except Invalid:
        assume(False)
    found = parsed(write(mail, envelope("s")))
    (part,) = list(found.iter_attachments())
    assert part.get_payload(decode=True) == content
    assert part.get_filename() == wanted
    assert not set(wanted) & set("/\\\r\n\0")
    assert part.get_content_type() == "image/png"


@given(local=st.text(max_size=12), domain=st.text(max_size=12))
def test_an_address_smuggles_nothing_in(local: str, domain: str) -> None:
    mail = Outgoing(1, "s", (Party(f"{local}@{domain}"),), "s", "t")
    try:
        raw = write(mail, envelope("s"))
    except Invalid:
        return
    head = raw.partition(b"\r\n\r\n")[0].decode()
    (line,) = [line for line in head.split("\r\n") if line.startswith("To:")]
    assert line.count("@") == 1
    assert line.count("<") == 1
    assert "," not in line
