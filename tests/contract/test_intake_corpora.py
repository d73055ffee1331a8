"""All mails that we could find, and mail bombs: each stored with its octets, none refused, no machine answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from crm.intake.model import What
from crm.mail.reading import read_mail
from storage import tables as t
from storage.crm.mail_raws import raw_of
from tests.intake_here import ARRIVED, Intake, intake_in
from tests.mails_here import mail

OWN = sorted((Path(__file__).parents[1] / "samples" / "mails").rglob("*.eml"))
SHARED = sorted((Path(__file__).parents[3] / "shared" / "corpora").rglob("*.eml"))
# Of people who pass on or ask about a bounce, or whose mail has nothing of a machine's.
PERSONS = {"is-not-bounce-01.eml", "is-not-bounce-02.eml", "lhost-sendmail-14.eml", "make-test-36.eml"}


@pytest.fixture
def intake(sqlite_url: str) -> Iterator[Intake]:
    with intake_in(sqlite_url) as made:
        yield made


def _take_all(intake: Intake, files: list[Path]) -> None:
    raws = [file.read_bytes() for file in files]
    for raw in raws:
        # As it came, in the days when it was written: it must be its content that keeps us from answering.
        intake.clock.time = moment = read_mail(raw).sent_at or ARRIVED
        taken = intake.take(raw, arrived_at=moment, started_at=moment - timedelta(days=30))
        assert taken.what is not What.KEPT_ASIDE
    assert not intake.rows(t.mail_quarantine)
    assert len(intake.rows(t.receipts)) == len(files)
    kept = {row.raw_digest for row in intake.rows(t.messages, direction="in")}
    with intake.database.read() as unit:
        stored = {raw_of(unit.session.connection, digest) for digest in kept}
    known = {row.key for row in intake.rows(t.messages, direction="in")}
    assert len(stored) == len(kept) <= len(known) <= len(files)
    assert stored <= set(raws)


def _answered(intake: Intake, files: list[Path]) -> set[str]:
    """Names of those that something was sent for by itself."""
    requests = {row.request_id for row in intake.rows(t.messages, direction="out")}
    digests = {row.raw_digest for row in intake.rows(t.messages, direction="in") if row.request_id in requests}
    with intake.database.read() as unit:
        raws = {raw_of(unit.session.connection, digest) for digest in digests}
    return {file.name for file in files if file.read_bytes() in raws}


def test_q02_all_mails_of_ours_are_taken_in(intake: Intake) -> None:
    assert len(OWN) >= 10
    _take_all(intake, OWN)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED, reason="../shared/corpora is not there")
def test_q02_all_mails_of_the_corpora_are_taken_in_and_no_machine_is_answered(intake: Intake) -> None:
    _take_all(intake, SHARED)
    machines = [row for row in intake.rows(t.messages, direction="in") if row.automatic]
    assert len(machines) > 300, "the corpora are full of bounces"
    assert _answered(intake, SHARED) <= PERSONS


_PART = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
_HEAD = b"From: eva@customer.example\r\nTo: support@example.org\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
_MIXED = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'


def _nested(depth: int) -> bytes:
    head, tail = b"", b""
    for number in range(depth):
        name = b"n%d" % number
        head += b'Content-Type: multipart/mixed; boundary="' + name + b'"\r\n\r\n--' + name + b"\r\n"
        tail = b"\r\n--" + name + b"--\r\n" + tail
    return _HEAD % b"nested" + head + b"Content-Type: text/plain\r\n\r\ndeep" + tail


BOMBS = {
    "parts": _HEAD % b"parts" + _MIXED + _PART * 100_000 + b"--b--\r\n",
    "depth": _nested(5_000),
    "headers": b"".join(b"X-H%d: x\r\n" % number for number in range(100_000)) + _HEAD % b"headers" + b"\r\ntext",
    "addresses": _HEAD % b"many" + b"Cc: " + b", ".join(b"a%d@b.example" % n for n in range(100_000)) + b"\r\n\r\ntext",
    "references": _HEAD % b"refs" + b"References: " + b" ".join(b"<%d@x>" % n for n in range(100_000)) + b"\r\n\r\nt",
    "octets": _HEAD % b"large" + b"\r\n" + b"x" * (51 * 2**20),
}


@pytest.mark.parametrize("name", BOMBS)
def test_q02_mail_bombs_become_requests_in_seconds(intake: Intake, name: str) -> None:
    began = time.process_time()
    taken = intake.take(BOMBS[name])
    assert time.process_time() - began < 5
    assert taken.what is What.OPENED, intake.rows(t.mail_quarantine)
    [row] = intake.rows(t.messages, direction="in")
    with intake.database.read() as unit:
        assert raw_of(unit.session.connection, row.raw_digest) == BOMBS[name]
    assert intake.count(t.request_people) <= 52
    assert len(intake.rows(t.message_addresses, message_id=row.id)) <= 500
    assert intake.count(t.message_references) <= 100
    if name != "octets":
        assert intake.take(mail("the next one")).what is What.OPENED
