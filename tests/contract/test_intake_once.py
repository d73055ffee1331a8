"""Each mail once, whatever it lies in and however often it is told; and none is lost (REQUESTS.md 1, 2)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from crm import audit
from crm.actor import INTAKE
from crm.errors import NotThere, Refused
from crm.intake import aside
from crm.intake.model import Taken, What
from storage import tables as t
from storage.admin_config import ensure_collection
from storage.crm.mail_raws import raw_of
from tests.intake_here import STARTED, Intake, intake_in
from tests.mails_here import WRITTEN, mail


@pytest.fixture
def intake(store_url: str) -> Iterator[Intake]:
    with intake_in(store_url) as made:
        yield made


def test_q01_a_mail_becomes_a_message_a_request_and_a_receipt(intake: Intake) -> None:
    taken = intake.take(mail())
    assert taken.what is What.OPENED
    [message], [receipt] = intake.rows(t.messages, direction="in"), intake.rows(t.receipts)
    assert (message.id, message.request_id) == (taken.message_id, taken.request_id)
    assert (receipt.message_id, receipt.mailbox, receipt.settled_at) == (message.id, "support", None)
    assert (message.subject, message.from_address, message.from_name) == (
        "My printer", "eva@customer.example", "Eva Rossi",
    )  # fmt: skip
    assert message.text.strip() == "It does not print."
    assert (message.sent_at, message.verified) == (WRITTEN, True)


def test_q01_several_mailboxes_make_one_message_with_several_receipts(intake: Intake) -> None:
    first = intake.take(b"Received: from a\r\n" + mail())
    second = intake.take(b"Received: from b\r\n" + mail(), "sales")
    again = intake.take(b"Received: from c\r\n" + mail(), folder="Old")
    assert [second.what, again.what] == [What.KNOWN] * 2
    assert {one.message_id for one in (first, second, again)} == {first.message_id}
    assert [row.mailbox for row in intake.rows(t.receipts)] == ["support", "sales", "support"]
    assert intake.count(t.requests) == 1


def test_q01_the_same_place_told_again_is_nothing_new(intake: Intake) -> None:
    first = intake.take(mail(), remote_id="1/7")
    assert intake.take(mail(), remote_id="1/7") == Taken(first.message_id, None, What.KNOWN)
    assert (intake.count(t.receipts), intake.count(t.messages)) == (1, 2), "the other one is the acknowledgement"


def test_q01_without_a_message_id_what_it_says_is_the_key(intake: Intake) -> None:
    first = intake.take(mail(message_id="-"))
    folded = intake.take(b"Received: from b\r\n" + mail(message_id="-", text="It does\n  not print.  "), "sales")
    assert folded == Taken(first.message_id, first.request_id, What.KNOWN)
    others = [
        mail(message_id="-", text="It does print."),
        mail("Your printer", message_id="-"),
        mail(message_id="-", date=WRITTEN + timedelta(seconds=1)),
        mail(message_id="-", sender="bob@customer.example"),
    ]
    assert [intake.take(raw).what for raw in others] == [What.OPENED] * 4


def test_q01_nobody_hides_a_mail_behind_its_message_id(intake: Intake) -> None:
    """Whoever knows a Message-ID before us sends another mail first: the true one is seen nevertheless."""
    decoy = intake.take(mail("Hello", message_id="m1@customer.example", sender="mallory@evil.example", text="Hi"))
    true = intake.take(mail("Contract", message_id="m1@customer.example", text="We sign."))
    assert true.what is What.OPENED
    assert intake.exactly_once() == {"Hello": 1, "Contract": 1}
    assert true.request_id != decoy.request_id, "he takes no part in it: a person decides"
    assert "same Message-ID" in str(intake.history(true))
    again = intake.take(mail("Contract", message_id="m1@customer.example", text="We sign."))
    assert (again.what, again.message_id) == (What.KNOWN, true.message_id)


def test_q01_a_program_that_gives_all_mails_one_message_id_puts_no_two_people_together(intake: Intake) -> None:
    """Some forms of web sites do, and who knows the Message-ID of a mail gets into its request by nothing else."""
    taken = [intake.take(mail("Form", message_id="form@web", sender=f"eva{n}@customer.example")) for n in range(8)]
    assert len({one.request_id for one in taken}) == 8
    again = intake.take(mail("Form", message_id="form@web", sender="eva0@customer.example", text="Once more."))
    assert (again.what, again.request_id) == (What.ADDED, taken[0].request_id)
    assert len(intake.rows(t.request_links, request_id=taken[7].request_id)) <= 3


def test_q01_even_with_the_same_sender_date_and_subject(intake: Intake) -> None:
    first = intake.take(mail(text="Pay to account 1."))
    second = intake.take(mail(text="Pay to account 2."))
    assert (second.what, second.request_id) == (What.ADDED, first.request_id)
    assert "same Message-ID" in str(intake.history(first))


def test_q01_our_own_mail_that_comes_back_is_known(intake: Intake) -> None:
    first = intake.take(mail())
    ours = intake.answer(first)
    copy = mail("Re: it", message_id=ours, sender="support@example.org", text="Is it switched on?")
    assert intake.take(copy, "sales").what is What.KNOWN
    forged = intake.take(mail("Hello", message_id=ours, text="I know your Message-ID."))
    assert forged.what is not What.KNOWN, "a stranger's mail is no copy of ours"


def test_q01_two_that_take_the_same_mail_at_once_make_one(intake: Intake) -> None:
    taken: list[Taken] = []
    start = threading.Barrier(6)

    def work(number: int) -> None:
        start.wait()
        for mails in range(4):
            taken.append(intake.take(mail(f"mail {mails}"), "support", remote_id=f"{mails}/{number}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert intake.exactly_once() == {f"mail {number}": 1 for number in range(4)}
    assert (intake.count(t.requests), intake.count(t.receipts)) == (4, 24)
    assert not intake.rows(t.mail_quarantine)
    assert sum(one.what is What.OPENED for one in taken) == 4
    [contact] = intake.rows(t.contacts)
    assert contact.full_name == "Eva Rossi"


@pytest.mark.parametrize(
    ("arrived", "written", "answers"),
    [
        (WRITTEN - timedelta(days=1), WRITTEN - timedelta(days=1), 1),
        (STARTED - timedelta(minutes=1), STARTED - timedelta(minutes=1), 0),  # it lay there before we began
        (STARTED + timedelta(days=9), STARTED - timedelta(days=400), 0),  # an old one, moved into the mailbox
        (WRITTEN, WRITTEN - timedelta(days=7), 0),  # came a week late
        (WRITTEN - timedelta(days=7), WRITTEN - timedelta(days=7), 0),  # lay there for a week: another server's mailbox
    ],
)
def test_q01_backlog_becomes_requests_and_is_never_answered(
    intake: Intake, arrived: object, written: object, answers: int
) -> None:
    taken = intake.take(mail(date=written), arrived_at=arrived)  # type: ignore[arg-type]
    assert taken.what is What.OPENED
    assert intake.count(t.outgoing) == answers


@pytest.mark.parametrize(("began", "answers"), [(timedelta(seconds=1), 0), (timedelta(0), 1)])
def test_q01_what_came_just_before_the_mailbox_was_read_is_backlog_too(
    intake: Intake, began: timedelta, answers: int
) -> None:
    assert intake.take(mail(), arrived_at=WRITTEN, started_at=WRITTEN + began).what is What.OPENED
    assert intake.count(t.outgoing) == answers


def test_q02_the_octets_are_kept(intake: Intake) -> None:
    for raw in (mail(text="è " * 5000) + bytes(range(256)), b"", b"\0\0\0", b"From nobody\n\nno header at all"):
        taken = intake.take(raw)
        [row] = intake.rows(t.messages, id=taken.message_id)
        with intake.database.read() as unit:
            assert raw_of(unit.session.connection, row.raw_digest) == raw


def test_q02_whatever_its_length_every_database_takes_it(intake: Intake) -> None:
    long, wide = "x" * 5000, "\U0001f5a8" * 900
    raw = mail(
        f"{wide}{long}",
        sender=f'"{wide}{long}" <{"a" * 400}@{"b" * 60}.example>',
        to=f'"{long}" <{"c" * 500}@example.org>',
        message_id=f"{long}@x",
        more={"Reply-To": f'"{wide}" <{long}@example.org>', "References": f"<{long}@y>"},
        text=f"{wide}\0{long}",
    )
    body = b'MIME-Version: 1.0\r\nContent-Type: application/%s; name="%s.pdf"\r\n\r\nx' % (b"y" * 300, b"z" * 3000)
    assert intake.take(raw).what is What.OPENED, intake.rows(t.mail_quarantine)
    assert intake.take(b"From: eva@customer.example\r\nSubject: file\r\n" + body).what is What.OPENED
    answer = mail(f"Re: {long}", sender=f'"{long}" <eva@customer.example>', more={"In-Reply-To": f"<{long}@x>"})
    assert intake.take(answer).what is not What.KEPT_ASIDE


def _made_impossible(intake: Intake) -> None:
    """The address book for customers is a calendar."""
    with intake.database.begin() as unit:
        ensure_collection(unit.session.connection, "Wrong", ("event",), "", unit.session.now())
    intake.change(contacts="Wrong")


def test_q02_what_cannot_be_taken_in_is_kept_with_its_octets_and_tried_again(intake: Intake) -> None:
    _made_impossible(intake)
    kept = intake.take(mail())
    assert (kept.what, kept.message_id) == (What.KEPT_ASIDE, None)
    for table in (t.messages, t.requests, t.request_history, t.outgoing):
        assert not intake.count(table), "all of it is rolled back"
    with intake.database.read() as unit:
        [entry] = aside.entries(unit, INTAKE)
        assert "'Wrong'" in entry.reason
        assert entry.size == len(mail())
        assert aside.entry_raw(unit, INTAKE, entry.id) == mail()
    with pytest.raises(Refused, match="failed again"):
        aside.reprocess(intake.database, intake.settings, INTAKE, entry.id)

    intake.change(contacts="Contacts")
    taken = aside.reprocess(intake.database, intake.settings, INTAKE, entry.id)
    assert (taken.what, intake.exactly_once()) == (What.OPENED, {"My printer": 1})
    assert not intake.count(t.outgoing), "nothing is answered by itself so late"
    [receipt] = intake.rows(t.receipts)
    assert (receipt.message_id, receipt.settled_at) == (taken.message_id, None), "now it may be flagged"
    assert aside.reprocess(intake.database, intake.settings, INTAKE, entry.id).what is What.KNOWN
    with intake.database.read() as unit:
        assert not aside.entries(unit, INTAKE)
        assert [line.detail for line in audit.entries(unit, INTAKE, action="quarantine.edit")] == ["taken in"]


def test_q02_what_was_kept_aside_is_not_kept_twice(intake: Intake) -> None:
    _made_impossible(intake)
    intake.take(mail(), remote_id="1/1")
    again = intake.take(mail(), remote_id="1/1")
    assert (again.what, intake.count(t.mail_quarantine)) == (What.KNOWN, 1)
    intake.change(contacts="Contacts")
    assert intake.take(mail(), remote_id="1/1").what is What.OPENED, "offered again, it is taken in"
    [entry] = intake.rows(t.mail_quarantine)
    assert entry.resolved_at is not None


def test_q02_an_entry_that_is_not_there_and_one_that_is_dismissed(intake: Intake) -> None:
    _made_impossible(intake)
    intake.take(mail())
    with pytest.raises(NotThere):
        aside.reprocess(intake.database, intake.settings, INTAKE, 99)
    with intake.database.begin() as unit:
        aside.dismiss(unit, INTAKE, 1)
        assert not aside.entries(unit, INTAKE)
        assert len(aside.entries(unit, INTAKE, resolved=True)) == 1
        assert aside.entry_raw(unit, INTAKE, 1) == mail()
        assert audit.entries(unit, INTAKE)[0].object == "mail 1"
