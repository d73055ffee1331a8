"""What holds for any octets: a mail is read without an error, quickly, into values that a database can keep."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.mail import limits
from crm.mail.addresses import normal_address, read_addresses
from crm.mail.display import page
from crm.mail.model import Mail
from crm.mail.parts import content, normalised, read_parts
from crm.mail.reading import read_mail, unguarded
from tests.fuzz.mail_target import mail_mutant

SAMPLES = Path(__file__).parents[1] / "samples" / "mails"
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_SEEDS = [path.read_bytes() for path in sorted(SAMPLES.glob("*.eml"))]
_PIECES = st.sampled_from(
    [
        b"\r\n", b"\n", b"\n\n", b"--b", b"--b--", b": ", b"=?utf-8?q?=C3?=", b"Content-Type: ",
        b"multipart/mixed; boundary=b",
        b"message/rfc822", b"text/html", b"From: ", b"<a@b.example>", b'"', b"(", b"Subject: Fwd: x", b"=", b"\xff",
        b"\x00",
        b"Content-Transfer-Encoding: base64", b"message/delivery-status", b"Final-Recipient: rfc822; ",
        b"Content-Disposition: ",
        b"filename*0*=utf-16''%00", b"charset=utf-7", b"format=flowed", b"METHOD:REQUEST", b"text/calendar",
        b"<blockquote>",
    ]
)  # fmt: skip
ANY = st.one_of(st.binary(max_size=400), st.lists(_PIECES, max_size=40).map(b"".join))


def check(mail: Mail, raw: bytes) -> None:
    """Whatever came in, this holds."""
    for text in texts(mail):
        assert not _BAD.search(text)
        text.encode()
    for party in (mail.sender, *mail.senders, *mail.to, *mail.cc, *mail.reply_to):
        assert normal_address(party.address) == party.address
        assert "\n" not in party.name
    assert not mail.verified or (mail.sender.address and len(mail.senders) == 1)
    assert "\n" not in mail.subject
    assert all(problem.endswith(".") for problem in mail.problems)
    assert mail.size == len(raw) or mail.size == 0
    for file in mail.attachments:
        assert file.name
        assert not set(file.name) & set('/\\\r\n\t<>:"|?*')
        assert len(file.name) <= limits.FILE_NAME
        assert file.name not in {".", ".."}
    if mail.original is not None:
        assert mail.original.original is None
        check(mail.original, b"" if mail.original.size == 0 else bytes(mail.original.size))


def texts(value: object) -> list[str]:
    """All texts in a value, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for one in value for text in texts(one)]
    if is_dataclass(value):
        return [text for field in fields(value) for text in texts(getattr(value, field.name))]
    return []


@given(ANY)
def test_q02_any_octets_are_a_mail(raw: bytes) -> None:
    check(unguarded(raw), raw)


@given(ANY)
def test_q02_any_octets_after_good_headers_are_a_mail(raw: bytes) -> None:
    whole = b"From: a@x.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + raw
    mail = unguarded(whole)
    check(mail, whole)
    assert mail.sender.address == "a@x.example"
    for file in mail.attachments:
        assert len(content(whole, file.number)) == file.size


@pytest.mark.parametrize("seed", range(150))
def test_q02_mutants_of_samples_are_mails_and_pages(seed: int) -> None:
    raw = mail_mutant(Random(seed), _SEEDS)
    mail = unguarded(raw)
    check(mail, raw)
    found = page(mail, raw=raw).html
    assert not re.search(r"""<[^>]*\b(?:src|background|srcset)=["']?\s*(?:https?:|//)""", found)
    assert "<script" not in found


@given(st.binary(max_size=300))
def test_a_header_gives_only_addresses_that_can_be_written_again(octets: bytes) -> None:
    value = octets.decode("utf-8", "replace").replace("\n", " ")
    read = read_addresses(value)
    for party in read.parties:
        if party.address:
            again = read_addresses(f"<{party.address}>")
            assert (again.strict, [one.address for one in again.parties]) == (True, [party.address])


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=8))
def test_parts_come_back_as_they_were_put_in(bodies: list[bytes]) -> None:
    head = b"Content-Type: multipart/mixed; boundary=never-in-there\r\n\r\npreamble\r\n"
    parts = [b"--never-in-there\r\nContent-Type: application/x\r\n\r\n" + body + b"\r\n" for body in bodies]
    raw = head + b"".join(parts) + b"--never-in-there--\r\nepilogue"
    assert [part.octets(raw) for part in read_parts(normalised(raw)).leaves] == bodies


# ---------------------------------------------------------------- the corpora beside the project, where they are

_MAILS = [*SAMPLES.glob("*.eml"), *(CORPORA / "sisimai").rglob("*")]
_PERSONS = {"is-not-bounce-01.eml", "is-not-bounce-02.eml", "lhost-sendmail-14.eml", "make-test-36.eml"}
_OURS = {"person", "forwarded_attached", "forwarded_inline", "invitation", "windows_html", "two_senders"}


def test_q07_no_bounce_and_no_auto_reply_of_the_corpora_could_be_answered() -> None:
    answered = []
    for path in (path for path in _MAILS if path.is_file()):
        raw = path.read_bytes()
        mail = unguarded(raw)
        check(mail, raw)
        if not mail.automatic and path.stem not in _OURS:
            answered.append(path.name)
    assert set(answered) <= _PERSONS  # people who pass on or ask about a bounce


def test_all_texts_of_the_corpora_are_mails() -> None:
    for path in (path for path in CORPORA.rglob("*") if path.is_file() and "sisimai" not in path.parts):
        raw = path.read_bytes()
        if len(raw) < 1_000_000:
            check(read_mail(raw), raw)
