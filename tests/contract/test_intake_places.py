"""Which request a mail goes to, whose it is, who gets it, and what machines write (REQUESTS.md 3 to 9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crm import roles
from crm.actor import INTAKE
from crm.intake.model import Taken, What
from crm.message.reading import message
from crm.request.changing import assign
from crm.request.closing import close
from crm.request.joining import merge
from crm.request.reading import request
from crm.rules.editing import tried
from storage import tables as t
from tests.intake_here import Intake, intake_in
from tests.mails_here import mail

EVA, BOB = "eva@customer.example", "bob@customer.example"


@pytest.fixture
def intake(store_url: str) -> Iterator[Intake]:
    with intake_in(store_url) as made:
        yield made


@pytest.fixture
def light(sqlite_url: str) -> Iterator[Intake]:
    """For what does not depend on the database."""
    with intake_in(sqlite_url) as made:
        yield made


def _reply(subject: str, answered: str, **more: Any) -> bytes:
    extra = {"In-Reply-To": f"<{answered}>"} | more.pop("more", {})
    return mail(subject, more=extra, **more)


def _close(intake: Intake, taken: Taken) -> None:
    assert taken.request_id is not None
    ada = next((row.id for row in intake.rows(t.users)), None) or intake.add_user("ada", "ada@example.org")
    with intake.database.begin() as unit:
        assigned = assign(unit, INTAKE, taken.request_id, request(unit, INTAKE, taken.request_id).version, ada)
        close(unit, INTAKE, taken.request_id, assigned.version, reason="done")


def test_q03_an_answer_to_our_mail_finds_its_request_whoever_sends_it(intake: Intake) -> None:
    first = intake.take(mail())
    ours = intake.answer(first)
    reply = intake.take(_reply("anything", ours, sender=BOB), "sales")
    assert (reply.what, reply.request_id) == (What.ADDED, first.request_id)
    assert {person.address for person in intake.request(first).people} == {EVA, BOB}, "he takes part from now on"
    assert "answers a mail of ours" in str(intake.history(first))


def test_q03_a_signature_cannot_be_made_by_others(light: Intake) -> None:
    first = light.take(mail())
    ours = light.answer(first)
    number, nonce, signature = ours.partition("@")[0].split(".")
    forged = f"{number}.{nonce}.{signature[::-1]}@example.org"
    assert light.take(_reply("forged", forged, sender=BOB), "sales").request_id != first.request_id


def test_q03_a_known_mail_counts_when_sender_or_mailbox_agree(intake: Intake) -> None:
    first = intake.take(mail(message_id="m1@customer.example"))
    same_sender = intake.take(_reply("Re: a", "m1@customer.example"), "sales")
    same_box = intake.take(_reply("Re: b", "m1@customer.example", sender=BOB))
    assert {same_sender.request_id, same_box.request_id} == {first.request_id}
    assert BOB not in {person.address for person in intake.request(first).people}, "no proof: he gets no copies"


def test_q03_in_doubt_it_is_a_new_request_that_says_so(intake: Intake) -> None:
    first = intake.take(mail(message_id="m1@customer.example"))
    other = intake.take(_reply("Re: c", "m1@customer.example", sender="zoe@elsewhere.example"), "sales")
    assert (other.what, other.request_id != first.request_id) == (What.OPENED, True)
    [link] = intake.rows(t.request_links)
    assert (link.request_id, link.other_id, link.kind) == (other.request_id, first.request_id, "possible")


def test_q03_the_newest_reference_wins(intake: Intake) -> None:
    old = intake.take(mail("Old"))
    new = intake.take(mail("New"))
    chain = {"References": "<old@customer.example> <new@customer.example>"}
    assert intake.take(mail("Both", more=chain)).request_id == new.request_id != old.request_id


def test_q03_a_number_in_the_subject_helps_only_who_takes_part(intake: Intake) -> None:
    first = intake.take(mail())
    number = intake.request(first).number
    assert intake.take(mail(f"Once more [{number}]")).request_id == first.request_id
    assert intake.take(mail(f"once again [{number.lower()}]")).request_id == first.request_id
    guessed = intake.take(mail(f"Guessed [{number}]", sender=BOB))
    assert (guessed.what, guessed.request_id != first.request_id) == (What.OPENED, True)
    nothing = intake.take(mail("Nothing [R-1999-000001]"))
    assert nothing.what is What.OPENED


def test_q03_a_closed_request_opens_again_or_goes_on_in_a_new_one(intake: Intake) -> None:
    first = intake.take(mail())
    ours = intake.answer(first)
    _close(intake, first)
    intake.clock.time += timedelta(days=29)
    assert intake.take(_reply("It broke again", ours)).request_id == first.request_id
    assert (intake.request(first).is_open, intake.request(first).reopened) == (True, 1)

    _close(intake, first)
    intake.clock.time += timedelta(days=31)
    late = intake.take(_reply("And again", ours))
    assert (late.what, late.request_id != first.request_id) == (What.OPENED, True)
    assert not intake.request(first).is_open
    [link] = intake.rows(t.request_links)
    assert (link.request_id, link.other_id, link.kind) == (late.request_id, first.request_id, "continues")


def test_q03_an_answer_to_a_merged_request_goes_to_the_other_one(intake: Intake) -> None:
    first, second = intake.take(mail("First")), intake.take(mail("Second"))
    ours = intake.answer(first)
    assert first.request_id is not None
    assert second.request_id is not None
    with intake.database.begin() as unit:
        version = request(unit, INTAKE, second.request_id).version
        merge(unit, INTAKE, first.request_id, second.request_id, version)
    assert intake.take(_reply("Re: First", ours)).request_id == second.request_id
    assert intake.take(_reply("Re: known", "first@customer.example")).request_id == second.request_id


def test_q03_a_colleague_who_answers_from_his_own_program_has_answered(intake: Intake) -> None:
    first = intake.take(mail(message_id="m1@customer.example"))
    _close(intake, first)  # by Ada
    more = {"Cc": "support@example.org"}
    answer = _reply("Re: a", "m1@customer.example", sender="ada@example.org", to=EVA, more=more)
    assert intake.take(answer).request_id == first.request_id
    found = intake.request(first)
    assert (found.first_answer_at is None, found.is_open) == (False, False)
    intake.take(_reply("Re: b", "m1@customer.example", sender="ada@example.org", text="Who takes this one?"))
    assert intake.request(first).is_open, "what goes to us alone is no answer"


_FORWARD = """For you

---------- Forwarded message ---------
From: Eva Rossi <eva@customer.example>
Date: Mon, 2 Mar 2026 at 09:00
Subject: My printer
To: Ada <ada@example.org>

It does not print."""


def test_q04_of_a_colleagues_forward_the_original_sender_is_the_customer(intake: Intake) -> None:
    intake.add_user("ada", "ada@example.org")
    taken = intake.take(mail("Fwd: My printer", sender="Ada <ada@example.org>", text=_FORWARD))
    found = intake.request(taken)
    assert (found.customer_address, found.customer_name) == (EVA, "Eva Rossi")
    with intake.database.read() as unit:
        shown = message(unit, INTAKE, taken.message_id or 0)
    assert (shown.forwarded_by, shown.from_address) == ("ada@example.org",) * 2
    assert [(one.address, one.role) for one in found.people if one.role == "colleague"] == [
        ("ada@example.org", "colleague")
    ]
    assert not intake.count(t.outgoing), "her address may be forged: strangers get no mail of ours for it"


_FORGED = {"Authentication-Results": "mx.example.org; dmarc=fail header.from=example.org"}


def test_q05_nobody_speaks_for_a_participant_whose_address_our_server_calls_forged(light: Intake) -> None:
    light.change(trusted_authserv=frozenset({"mx.example.org"}))
    first = light.take(mail())
    guessed = light.take(mail(f"Re: it [{light.request(first).number}]", more=_FORGED))
    assert guessed.what is What.OPENED
    assert guessed.request_id != first.request_id
    stranger = light.take(mail("Hello", sender="boss@vip.example", more=_FORGED))
    assert light.request(stranger).customer_id is None, "of a forged address no contact is made"
    answer = light.take(_reply("Re: it", light.answer(first), sender=BOB, more=_FORGED))
    assert answer.request_id == first.request_id, "whoever he is, he got our mail"
    assert BOB not in {person.address for person in light.request(first).people}


def test_q05_nobody_is_a_colleague_whose_address_our_server_calls_forged(light: Intake) -> None:
    light.change(trusted_authserv=frozenset({"mx.example.org"}))
    light.add_user("ada", "ada@example.org")
    passed_on = light.take(mail("Fwd: My printer", sender="Ada <ada@example.org>", text=_FORWARD, more=_FORGED))
    assert light.request(passed_on).customer_address == "ada@example.org"
    first = light.take(mail(message_id="m1@customer.example"))
    light.take(_reply("Re: a", "m1@customer.example", sender="ada@example.org", to=EVA, more=_FORGED))
    assert light.request(first).first_answer_at is None


def test_q04_a_customers_forward_is_the_customers(light: Intake) -> None:
    taken = light.take(mail("Fwd: My printer", sender=BOB, text=_FORWARD))
    assert light.request(taken).customer_address == BOB


def test_q05_a_contact_of_the_company_is_the_customer(intake: Intake) -> None:
    contact = intake.add_contact("Eva@Customer.example", "Eva Rossi Srl")
    intake.add_user("ada", "ada@example.org")
    intake.add_contact("bob@customer.example", "Bob, private", owner="ada", book="Mine")
    found = intake.request(intake.take(mail()))
    assert (found.customer_id, found.customer_state, found.customer_name) == (contact, "known", "Eva Rossi Srl")
    other = intake.request(intake.take(mail("Private", sender=BOB)))
    assert (other.customer_state, other.customer_name) == ("provisional", BOB), "nobody looks into Ada's own book"


def test_q05_a_stranger_gets_one_provisional_contact(intake: Intake) -> None:
    first, second = intake.take(mail("One")), intake.take(mail("Two", sender="EVA@customer.example"))
    [contact] = intake.rows(t.contacts)
    assert (contact.full_name, contact.categories) == ("Eva Rossi", "Provisional")
    ids = {intake.request(taken).customer_id for taken in (first, second)}
    assert ids == {contact.item_id}
    assert intake.request(second).customer_state == "provisional"


@pytest.mark.parametrize(("policy", "requests"), [("queue", 1), ("ignore", 0)])
def test_q05_by_policy_a_stranger_waits_or_is_ignored(intake: Intake, policy: str, requests: int) -> None:
    intake.settings = intake.settings.__class__(unknown_sender=policy, signing_key=b"k" * 32)
    taken = intake.take(mail())
    assert (intake.count(t.requests), intake.count(t.contacts)) == (requests, 0)
    assert intake.exactly_once() == {"My printer": 1}, "the mail is kept in any case"
    if requests:
        assert (intake.request(taken).customer_state, intake.request(taken).customer_address) == ("unknown", EVA)
    else:
        assert (taken.what, taken.request_id) == (What.IGNORED, None)
    intake.add_contact(EVA, "Eva Rossi")
    assert intake.take(mail("Known now")).what is What.OPENED


@pytest.mark.parametrize("sender", ["eva@customer.example, bob@customer.example", "", "Eva", "a@b@c"])
def test_q05_a_sender_that_is_not_one_address_is_nobody(light: Intake, sender: str) -> None:
    light.add_contact(EVA, "Eva Rossi")
    found = light.request(light.take(mail(sender=sender)))
    assert (found.customer_id, found.customer_state, found.customer_address) == (None, "unknown", "")
    assert (light.count(t.contacts), light.count(t.outgoing)) == (1, 0)
    assert not light.rows(t.messages)[0].verified


def test_q05_a_form_of_our_own_site_is_its_writers_request(light: Intake) -> None:
    raw = mail(sender="support@example.org", more={"Reply-To": "Eva <eva@customer.example>"})
    taken = light.take(raw)
    assert light.request(taken).customer_address == EVA
    assert not light.count(t.outgoing), "what comes from an address of ours is never answered by itself"


def test_q06_rules_say_type_weight_and_who_does_it(intake: Intake) -> None:
    ada = intake.add_user("ada", "ada@example.org")
    when = [{"field": "subject", "operator": "contains", "value": ["invoice"]}]
    then = {"type": "commercial", "priority": 5, "responsible": "ada", "tags": ["money"]}
    intake.add_rule(name="Invoices", when=when, then=then)
    taken = intake.take(mail("Your invoice 7"))
    found = intake.request(taken)
    assert (found.type_name, found.priority, found.responsible_id, found.tags) == ("Commercial", 5, ada, ("money",))
    assert "Invoices: matches" in str(intake.history(taken))
    assert intake.request(intake.take(mail("Hello"))).responsible_id is None


def test_q06_what_a_stranger_passes_on_is_not_judged_by_the_name_in_it(intake: Intake) -> None:
    intake.add_user("ada", "ada@example.org")
    intake.add_rule(name="VIP", when=[{"field": "domain", "value": "vip.example"}], then={"priority": 5})
    text = "---------- Forwarded message ---------\nFrom: Boss <boss@vip.example>\nSubject: x\n\nPlease do it."
    stranger = intake.request(intake.take(mail("Fwd: x", text=text, message_id="one@x")))
    colleague = intake.request(intake.take(mail("Fwd: x", sender="ada@example.org", text=text)))
    assert (stranger.priority, colleague.priority) == (3, 5)
    assert colleague.customer_address == "boss@vip.example"


def test_q06_the_test_box_knows_what_intake_knows(intake: Intake) -> None:
    intake.add_contact(EVA, "Eva Rossi")
    when = [{"field": "known", "value": True}, {"field": "mailbox", "value": "support"}]
    intake.add_rule(name="Known", when=when, then={"priority": 5})
    raw = mail("Hello")
    taken = intake.take(raw)
    assert intake.request(taken).priority == 5
    with intake.database.read() as unit:
        for given in ({"raw": raw, "mailbox": "support"}, {"message_id": taken.message_id}):
            found = tried(unit, intake.settings, INTAKE, **given)
            assert found.priority == 5
            assert "yes is a known customer: it is" in found.explanation


def test_q06_the_least_busy_gets_it(intake: Intake) -> None:
    people = {intake.add_user(name, f"{name}@example.org") for name in ("ada", "bea")}
    intake.add_user("client", "client@customer.example")
    with intake.database.begin() as unit:
        roles.seed(unit)
        for name, role in (("ada", "operator"), ("bea", "supervisor"), ("client", "client")):
            roles.give(unit, INTAKE, role, user=name)
    intake.change(distribution="least_busy")
    got = [intake.request(intake.take(mail(f"mail {number}"))).responsible_id for number in range(4)]
    assert set(got) == people
    assert got[:2] == got[2:]


def test_q06_spam_is_closed_and_ignored_mails_are_no_requests(light: Intake) -> None:
    when = [{"field": "subject", "operator": "contains", "value": "casino"}]
    light.add_rule(name="Spam", when=when, then={"spam": True})
    when = [{"field": "subject", "operator": "contains", "value": "newsletter"}]
    light.add_rule(name="News", when=when, then={"ignore": True})
    spam, news = light.take(mail("casino")), light.take(mail("newsletter"))
    assert (light.request(spam).spam, light.request(spam).is_open) == (True, False)
    assert (news.what, news.request_id) == (What.IGNORED, None)
    assert (light.count(t.contacts), light.count(t.outgoing)) == (0, 0)


_AUTOMATIC = {
    "auto-replied": {"Auto-Submitted": "auto-replied"},
    "precedence": {"Precedence": "bulk"},
    "list": {"List-Id": "<news.customer.example>"},
    "unsubscribe": {"List-Unsubscribe": "<mailto:leave@customer.example>"},
    "suppress": {"X-Auto-Response-Suppress": "All"},
    "loop": {"X-Loop": "yes"},
    "autoreply": {"X-Autoreply": "yes"},
    "empty path": {"Return-Path": "<>"},
}


@pytest.mark.parametrize("headers", _AUTOMATIC.values(), ids=_AUTOMATIC)
def test_q07_what_a_machine_wrote_is_never_answered(light: Intake, headers: dict[str, str]) -> None:
    taken = light.take(mail(more=headers))
    assert taken.what is What.OPENED
    assert (light.count(t.outgoing), light.count(t.contacts)) == (0, 0)
    assert light.rows(t.messages)[0].automatic


def test_q07_a_person_may_say_that_it_is_not_automatic(light: Intake) -> None:
    light.take(mail(more={"Auto-Submitted": "no"}))
    assert light.count(t.outgoing) == 1


def test_q07_an_out_of_office_reply_leaves_the_status_alone(intake: Intake) -> None:
    first = intake.take(mail())
    ours = intake.answer(first)
    _close(intake, first)
    intake.clock.time += timedelta(days=90)
    away = intake.take(_reply("Away", ours, more={"Auto-Submitted": "auto-replied"}))
    assert (away.what, away.request_id) == (What.ADDED, first.request_id)
    assert not intake.request(first).is_open


def _bounce(of: str) -> bytes:
    return (
        b"Return-Path: <>\r\nFrom: MAILER-DAEMON@customer.example\r\nTo: support@example.org\r\n"
        b"Subject: Undelivered Mail\r\nMessage-ID: <b1@customer.example>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nNobody here.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n"
        b"Final-Recipient: rfc822; eva@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + of.encode() + b">\r\n\r\n--b--\r\n"
    )


def test_q07_a_delivery_report_goes_to_the_mail_that_failed(intake: Intake) -> None:
    first = intake.take(mail())
    ours = intake.answer(first)
    _close(intake, first)
    report = intake.take(_bounce(ours))
    assert (report.what, report.request_id) == (What.REPORT, first.request_id)
    assert not intake.request(first).is_open, "it never opens a request again"
    [failed] = intake.rows(t.messages, message_id=ours)
    assert failed.state == "bounced"
    assert [row.address for row in intake.rows(t.bounced_addresses)] == [EVA]


def test_q07_a_report_of_a_mail_that_was_not_ours_is_kept_and_no_request(light: Intake) -> None:
    foreign = light.take(_bounce("somebody@elsewhere.example"))
    assert (foreign.what, foreign.request_id, light.count(t.requests)) == (What.IGNORED, None, 0)
    assert light.count(t.mail_raws) == 1


def test_q08_one_answer_by_itself_for_a_request_and_few_for_a_sender(intake: Intake) -> None:
    first = intake.take(mail("mail 0"))
    intake.take(_reply("mail 0 again", "mail-0@customer.example"))
    assert (first.what, intake.count(t.outgoing)) == (What.OPENED, 1)
    for number in range(1, 6):
        intake.take(mail(f"mail {number}"))
    assert intake.count(t.outgoing) == 3


_INVITATION = (Path(__file__).parents[1] / "samples" / "mails" / "invitation.eml").read_bytes()


def test_q09_an_invitation_opens_a_request_and_stands_in_the_agenda_as_tentative(intake: Intake) -> None:
    taken = intake.take(_INVITATION.replace(b"help@company.example", b"support@example.org"))
    assert taken.what is What.OPENED
    [row] = intake.rows(t.invitations)
    assert (row.request_id, row.message_id, row.state) == (taken.request_id, taken.message_id, "tentative")
    assert [event.summary for event in intake.rows(t.events)] == ["Visit"]
    sent = [row.automatic for row in intake.rows(t.messages, direction="out")]
    assert len(sent) <= 1, "nothing is accepted by itself"
    assert all(sent), "nothing but the acknowledgement"
