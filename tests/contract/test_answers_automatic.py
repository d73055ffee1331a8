"""Mails that write themselves, and reports of those that did not arrive (REQUESTS.md 7, 8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm.answer import canned, drafts
from crm.answer.acknowledging import acknowledge
from crm.answer.outbox import outbox
from crm.intake.model import Delivered, What
from crm.intake.taking import take
from crm.mail.model import Party
from crm.mail.reading import read_mail
from crm.request.closing import close
from storage import tables as t
from storage.crm import bounced
from sync_engine.errors import OutcomeUnknown
from tests.contract.answer_world import EVA, START, AnswerWorld


@pytest.fixture
def world(store_url: str) -> Iterator[AnswerWorld]:
    made = AnswerWorld(store_url)
    yield made
    made.close()


def automatic(world: AnswerWorld) -> int:
    """How many automatic mails there are, sent or not."""
    wanted = select(func.count()).select_from(t.outgoing).where(t.outgoing.c.automatic)
    return int(world.do(lambda unit: unit.session.connection.execute(wanted).scalar_one()))


def test_q08_a_new_request_is_acknowledged_once(world: AnswerWorld) -> None:
    taken = world.arrives()
    world.look()
    ((_raw, sender, recipients),) = world.far.gone
    assert (sender, recipients) == ("", (EVA,))
    (mail,) = world.far.mails()
    assert taken.request_id is not None
    number = world.shown(taken.request_id).number
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    assert mail["In-Reply-To"] == "<m1@customer.example>"
    assert mail["Subject"] == f"Re: Broken printer [{number}]"
    assert number in str(mail.get_content())
    world.arrives(In_Reply_To="<m1@customer.example>", Subject="Re: Broken printer")
    assert automatic(world) == 1, "one for a request"
    assert world.shown(taken.request_id).first_answer_at is None, "it is no answer"


def test_q08_at_most_three_a_day_to_a_sender(world: AnswerWorld) -> None:
    for hour in range(5):
        world.now = START + timedelta(hours=hour)
        world.arrives(Subject=f"Another thing {hour}", From=f"Eva {hour} <EVA@customer.example>")
    assert automatic(world) == 3
    world.arrives(From="otto@x.example", Subject="Mine")
    assert automatic(world) == 4, "another sender"
    for tag in ("a", "b", "c", "d"):
        world.arrives(From=f"otto+{tag}@x.example", Subject=f"Mine {tag}")
    assert automatic(world) == 6, "all of it would land in one mailbox"
    world.arrives(From="otto@y.example", Subject="Mine")
    world.arrives(From="ott_+a@x.example", Subject="Mine")
    assert automatic(world) == 8, "others"
    world.now = START + timedelta(days=1, seconds=1)
    world.arrives(Subject="The next day")
    assert automatic(world) == 9


def test_q08_one_for_a_request_whoever_asks(world: AnswerWorld) -> None:
    taken = world.arrives()
    assert taken.request_id is not None
    assert taken.message_id is not None
    raw = b"From: otto@x.example\r\nMessage-ID: <two@x>\r\n\r\nHello\r\n"
    for number in (taken.request_id, world.request().id):
        with world.database.begin() as unit:
            acknowledge(unit, world.settings, "help", number, taken.message_id, read_mail(raw), backlog=False)
    assert automatic(world) == 2, "the first one has had his"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.x.example>"},
        {"X_Auto_Response_Suppress": "All"},
        {"Return_Path": "<>"},
        {"From": "help@example.org"},
        {"From": "sales@example.org"},
        {"From": "a@x.example, b@y.example", "Sender": "a@x.example"},
        {"From": "mailer-daemon@x.example", "Subject": "Undelivered Mail Returned to Sender"},
    ],
)
def test_q07_automatic_mail_is_never_answered(world: AnswerWorld, headers: dict[str, str]) -> None:
    world.arrives(**headers)
    assert automatic(world) == 0


def test_q07_auto_submitted_no_is_a_person(world: AnswerWorld) -> None:
    world.arrives(Auto_Submitted="no")
    assert automatic(world) == 1


@pytest.mark.parametrize(("verdict", "answers"), [("pass", 1), ("fail", 0)])
def test_whoever_forges_an_address_has_us_write_to_nobody(world: AnswerWorld, verdict: str, answers: int) -> None:
    world.settings = replace(world.settings, trusted_authserv=frozenset({"mx.example.org"}))
    world.arrives(Authentication_Results=f"mx.example.org; dmarc={verdict} header.from=customer.example")
    assert automatic(world) == answers


def test_q01_backlog_is_never_answered(world: AnswerWorld) -> None:
    raw = b"From: eva@customer.example\r\nMessage-ID: <old@x>\r\nDate: Mon, 02 Feb 2026 08:00:00 +0000\r\n\r\nHello\r\n"
    old = Delivered("help", "INBOX", "1:900", raw, START - timedelta(days=20), START)
    assert world.do(lambda unit: take(unit, world.settings, old)).what is What.OPENED
    assert automatic(world) == 0


def test_a_mailbox_that_does_not_acknowledge_and_a_dead_address_get_none(world: AnswerWorld) -> None:
    quiet = world.settings
    with world.database.begin() as unit:
        raw = b"From: eva@customer.example\r\nMessage-ID: <q@x>\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\n\r\nHi\r\n"
        take(unit, quiet, Delivered("sales", "INBOX", "1:1", raw, world.now, START - timedelta(days=1)))
        bounced.mark(unit.session.connection, "dead@x.example", world.now, permanent=True, reason="", report_id=None)
    world.arrives(From="dead@x.example")
    assert automatic(world) == 0


def test_the_acknowledgement_is_the_admins_where_he_wrote_one(world: AnswerWorld) -> None:
    body = "Dear {{customer_name}}, {{number}} it is."
    world.do(lambda unit: canned.add(unit, world.ada, "Acknowledgement", "Thank you for {{subject}}", body))
    world.arrives()
    world.look()
    (mail,) = world.far.mails()
    assert str(mail["Subject"]).startswith("Re: Thank you for Broken printer [R-2026-")
    assert str(mail.get_content()).startswith("Dear Eva Blau, R-2026-")


def test_nobody_is_asked_about_an_acknowledgement_in_doubt(world: AnswerWorld) -> None:
    world.arrives()
    world.far.raises = [OutcomeUnknown("The line broke.")]
    world.look()
    world.pass_time(minutes=10)
    world.look()
    (entry,) = world.do(lambda unit: outbox(unit, world.ada))
    assert entry.state == "failed"
    assert "not sent again" in entry.error


# ---------------------------------------------------------------- reports


def report(
    world: AnswerWorld, about: str, *, recipient: str = EVA, action: str = "failed", status: str = "5.1.1"
) -> bytes:
    """As Postfix writes them."""
    return f"""From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: help@example.org
Subject: Undelivered Mail Returned to Sender
Date: Mon, 02 Mar 2026 09:00:00 +0000
Message-ID: <report{len(about)}.{action}@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} No such user

--b
Content-Type: message/rfc822

From: help@example.org
To: {recipient}
Subject: Re: Broken printer
Message-ID: <{about}>

We look at it.
--b--
""".replace("\n", "\r\n").encode()


def sent(world: AnswerWorld, **more: object) -> tuple[int, int, str]:
    """An answer that went out: request, message, Message-ID."""
    number = world.request().id
    mail = world.do(lambda unit: drafts.send(unit, world.settings, world.ada, world.outgoing(number, **more)))
    world.look()
    return number, mail, str(world.far.mails()[-1]["Message-ID"]).strip("<>")


def row(world: AnswerWorld, message_id: int) -> tuple[int | None, int | None, str]:
    c = t.messages.c
    wanted = select(c.request_id, c.bounce_of_id, c.state).where(c.id == message_id)
    found = world.do(lambda unit: unit.session.connection.execute(wanted).one())
    return found.request_id, found.bounce_of_id, found.state


def dead(world: AnswerWorld, *addresses: str) -> set[str]:
    return set(world.do(lambda unit: dict(bounced.dead(unit.session.connection, addresses))))


def test_q07_a_report_is_tied_to_the_mail_that_failed(world: AnswerWorld) -> None:
    number, mail, header_id = sent(world)
    before = world.shown(number)
    world.pass_time(hours=1)
    taken = world.takes(report(world, header_id))
    assert (taken.what, taken.request_id) == (What.REPORT, number)
    assert taken.message_id is not None
    assert row(world, taken.message_id) == (number, mail, "")
    assert row(world, mail)[2] == "bounced"
    assert dead(world, EVA) == {EVA}
    (line,) = [line for line in world.history(number) if line.action == "bounced"]
    assert (line.after, "No such user" in line.reason) == (EVA, True)
    after = world.shown(number)
    assert after.last_message_at == world.now
    assert (after.status_id, after.is_open) == (before.status_id, True)
    assert automatic(world) == 0


def test_q07_a_report_never_reopens(world: AnswerWorld) -> None:
    number, _mail, header_id = sent(world)
    version = world.shown(number).version
    world.do(lambda unit: close(unit, world.ada, number, version, "done"))
    world.takes(report(world, header_id))
    assert not world.shown(number).is_open
    assert dead(world, EVA) == {EVA}


def test_a_report_of_a_mail_that_is_not_ours_marks_nothing(world: AnswerWorld) -> None:
    number, mail, header_id = sent(world)
    forged = header_id.replace(".", ".a", 1)
    taken = world.takes(report(world, forged))
    assert taken.what is not What.REPORT
    assert row(world, mail)[2] == "sent"
    assert dead(world, EVA) == set()
    assert all(line.action != "bounced" for line in world.history(number))


def test_a_report_marks_no_address_that_the_mail_did_not_go_to(world: AnswerWorld) -> None:
    _number, mail, header_id = sent(world, cc=(Party("otto@x.example"),))
    world.takes(report(world, header_id, recipient="victim@elsewhere.example"))
    assert row(world, mail)[2] == "bounced"
    assert dead(world, EVA, "otto@x.example", "victim@elsewhere.example") == set()


def test_one_that_forwards_names_an_address_behind_it(world: AnswerWorld) -> None:
    _number, _mail, header_id = sent(world)
    world.takes(report(world, header_id, recipient="eva.private@elsewhere.example"))
    assert dead(world, EVA, "eva.private@elsewhere.example") == {EVA}, "it went to nobody else"


@pytest.mark.parametrize(("action", "status", "state"), [("delayed", "4.4.1", "sent"), ("failed", "4.4.1", "bounced")])
def test_a_delay_is_told_and_marks_nothing(world: AnswerWorld, action: str, status: str, state: str) -> None:
    number, mail, header_id = sent(world)
    world.takes(report(world, header_id, action=action, status=status))
    assert row(world, mail)[2] == state
    assert dead(world, EVA) == set(), "it may work tomorrow"
    assert any(line.field == action for line in world.history(number))


def test_who_answers_a_mail_of_ours_takes_mail_after_all(world: AnswerWorld) -> None:
    _number, _mail, header_id = sent(world)
    world.takes(report(world, header_id))
    world.arrives(Subject="Something new")
    assert dead(world, EVA) == {EVA}, "anybody can write From"
    world.arrives(Subject="Re: Broken printer", In_Reply_To=f"<{header_id}>")
    assert dead(world, EVA) == set()


def test_a_report_proves_that_a_mail_in_doubt_was_sent(world: AnswerWorld) -> None:
    number = world.request().id
    mail = world.do(lambda unit: drafts.send(unit, world.settings, world.ada, world.outgoing(number)))
    world.far.raises, world.far.takes_anyway = [OutcomeUnknown("The line broke.")], True
    world.look()
    world.takes(report(world, str(world.far.mails()[-1]["Message-ID"]).strip("<>")))
    assert world.state(mail) == ("sent", "bounced")
    world.pass_time(days=1)
    assert world.look().sent == 0
    assert len(world.far.gone) == 1


def test_acknowledging_needs_no_luck_with_hostile_subjects(world: AnswerWorld) -> None:
    """Whatever a stranger writes in his subject: the intake does not fail over our answer."""
    raw = (
        b"From: eva@customer.example\r\nMessage-ID: <odd@x>\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\n"
        b"Subject: =?utf-8?q?a=0D=0ABcc:_x=40y.example=00=E2=80=A8{{me}}?= " + b"x" * 3000 + b"\r\n\r\nHello\r\n"
    )
    assert world.takes(raw).what is What.OPENED
    world.look()
    (mail,) = world.far.mails()
    assert mail["Bcc"] is None
    assert world.far.gone[0][2] == (EVA,)
