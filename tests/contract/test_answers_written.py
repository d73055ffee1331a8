"""Answers, drafts, canned replies, forwards and the mail that asks for what is missing (REQUESTS.md 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from crm.actor import Actor
from crm.answer import canned, drafts, suggesting
from crm.answer.model import Draft, File
from crm.answer.sending import Sending
from crm.errors import Forbidden, Invalid, Missing, NotThere
from crm.intake.model import Delivered
from crm.intake.taking import take
from crm.mail.model import Party
from crm.request.joining import merge
from storage import tables as t
from storage.crm import bounced, written
from storage.unit_of_work import SqlUnitOfWork
from tests.contract.answer_world import EVA, START, AnswerWorld

NOBODY = Actor("eve")
CLIENT = Actor("eva", address=EVA, rights={"request.read": "part"})


@pytest.fixture
def world(store_url: str) -> Iterator[AnswerWorld]:
    made = AnswerWorld(store_url)
    yield made
    made.close()


def suggested(world: AnswerWorld, request_id: int, message_id: int | None = None, *, everybody: bool = False) -> Draft:
    return world.do(
        lambda unit: suggesting.answer(unit, world.settings, world.ada, request_id, message_id, everybody=everybody)
    )


def asked(world: AnswerWorld, **headers: str) -> tuple[int, int]:
    """Eva's mail: its request and its own id."""
    taken = world.arrives(**headers)
    assert taken.request_id is not None
    assert taken.message_id is not None
    return taken.request_id, taken.message_id


def test_q11_an_answer_threads_and_its_reply_comes_back_to_the_request(world: AnswerWorld) -> None:
    number, message = asked(world, References="<first@customer.example> <second@customer.example>")
    draft = suggested(world, number)
    assert draft.mail.to == (Party(EVA, "Eva Blau"),)
    assert draft.mail.answers == message
    assert "> It does not print." in draft.mail.text
    assert "Example Ltd, phone 01 234" in draft.mail.text
    world.do(lambda unit: drafts.send(unit, world.settings, world.ada, draft.mail))
    world.look()
    gone = world.far.mails()[-1]
    assert gone["In-Reply-To"] == "<m1@customer.example>"
    assert str(gone["References"]).split() == [
        "<first@customer.example>",
        "<second@customer.example>",
        "<m1@customer.example>",
    ]
    back = world.arrives(From="other@elsewhere.example", In_Reply_To=str(gone["Message-ID"]), Subject="Now it prints")
    assert back.request_id == number, "by our signed Message-ID, whoever writes"


def test_q11_an_answer_goes_out_from_the_mailbox_that_got_the_mail(world: AnswerWorld) -> None:
    raw = (
        b"From: eva@customer.example\r\nMessage-ID: <s@x>\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\n\r\nHow much?\r\n"
    )
    came = Delivered("sales", "INBOX", "1:1", raw, world.now, START)
    taken = world.do(lambda unit: take(unit, world.settings, came))
    draft = suggested(world, taken.request_id or 0)
    assert draft.mail.mailbox == "sales"
    world.do(lambda unit: drafts.send(unit, world.settings, world.ada, draft.mail))
    assert world.look().sent == 0, "the one of the other mailbox has nothing to do"
    assert Sending(world.database, world.settings, "sales").look(world.far).sent == 1
    ((_raw, sender, recipients),) = world.far.gone
    assert (sender, recipients) == ("sales@example.org", (EVA,))
    assert world.far.mails()[0]["From"] == "sales@example.org"


def test_an_answer_goes_to_reply_to_and_with_everybody_to_the_others_but_not_to_us(world: AnswerWorld) -> None:
    number, _message = asked(
        world,
        Reply_To="Desk <desk@customer.example>",
        To="help@example.org, Otto <otto@x.example>",
        Cc="sales@example.org",
    )
    assert suggested(world, number).mail.to == (Party("desk@customer.example", "Desk"),)
    draft = suggested(world, number, everybody=True)
    assert draft.mail.cc == (Party("otto@x.example", "Otto"),)


def test_an_address_that_took_no_mail_is_told(world: AnswerWorld) -> None:
    number, _message = asked(world)
    world.do(
        lambda unit: bounced.mark(
            unit.session.connection, EVA, world.now, permanent=True, reason="5.1.1 nobody", report_id=None
        )
    )
    (warning,) = suggested(world, number).warnings
    assert EVA in warning
    assert "5.1.1 nobody" in warning


def test_a_draft_is_kept_changed_and_sent_once(world: AnswerWorld) -> None:
    number, _message = asked(world)
    first = replace(
        suggested(world, number).mail,
        html="<p>Hello <b>Eva</b></p>",
        files=(
            File("größe.pdf", "application/pdf", b"%PDF"),
            File("b.bin", "application/octet-stream", bytes(range(256))),
        ),
        bcc=(Party("boss@example.org"),),
    )
    kept = world.do(lambda unit: drafts.save(unit, world.settings, world.ada, first))
    assert kept.author == "ada"
    assert kept.mail == first
    incomplete = replace(first, to=(Party("not yet"),), text="Hello", files=first.files[:1], html="")
    again = world.do(lambda unit: drafts.save(unit, world.settings, world.ada, incomplete, kept.id))
    assert (again.id, again.mail) == (kept.id, incomplete)
    (listed,) = world.do(lambda unit: drafts.drafts(unit, world.settings, world.ada, number))
    assert listed == again
    with pytest.raises(Invalid, match="no mail address"):
        world.do(lambda unit: drafts.send(unit, world.settings, world.ada, again.mail, kept.id))
    whole = replace(again.mail, to=first.to)
    world.do(lambda unit: drafts.send(unit, world.settings, world.ada, whole, kept.id))
    with pytest.raises(NotThere):
        world.do(lambda unit: drafts.send(unit, world.settings, world.ada, whole, kept.id))
    assert world.do(lambda unit: drafts.drafts(unit, world.settings, world.ada, number)) == []
    world.look()
    gone = world.far.mails()[-1]
    assert [part.get_filename() for part in gone.iter_attachments()] == ["größe.pdf"]
    assert world.far.gone[-1][2] == (EVA, "boss@example.org")


def test_what_a_draft_said_before_is_not_kept_for_ever(world: AnswerWorld) -> None:
    number = world.request().id
    raws = select(func.count()).select_from(t.mail_raws)
    draft = world.do(lambda unit: drafts.save(unit, world.settings, world.ada, world.outgoing(number)))
    for text in ("a", "b", "c"):
        mail = replace(draft.mail, text=text)
        with world.database.begin() as unit:
            drafts.save(unit, world.settings, world.ada, mail, draft.id)
    assert world.do(lambda unit: unit.session.connection.execute(raws).scalar_one()) == 1
    world.do(lambda unit: drafts.discard(unit, world.ada, draft.id))
    assert world.do(lambda unit: unit.session.connection.execute(raws).scalar_one()) == 0
    with pytest.raises(NotThere):
        world.do(lambda unit: drafts.draft(unit, world.settings, world.ada, draft.id))


def test_who_may_not_answer_cannot(world: AnswerWorld) -> None:
    number, message = asked(world)
    mail = world.outgoing(number)
    draft = world.do(lambda unit: drafts.save(unit, world.settings, world.ada, mail))
    tries: list[Callable[[SqlUnitOfWork, Actor], object]] = [
        lambda unit, a: drafts.send(unit, world.settings, a, mail),
        lambda unit, a: drafts.save(unit, world.settings, a, mail),
        lambda unit, a: drafts.draft(unit, world.settings, a, draft.id),
        lambda unit, a: drafts.drafts(unit, world.settings, a, number),
        lambda unit, a: drafts.discard(unit, a, draft.id),
        lambda unit, a: suggesting.answer(unit, world.settings, a, number),
        lambda unit, a: suggesting.forward(unit, world.settings, a, message),
        lambda unit, a: suggesting.ask_for_missing(unit, world.settings, a, number, ["x"]),
    ]
    for work in tries:
        with world.database.begin() as unit, pytest.raises(NotThere):
            work(unit, NOBODY)
        with world.database.begin() as unit, pytest.raises(Forbidden):
            work(unit, CLIENT)


def test_a_mail_of_another_request_cannot_be_answered_here(world: AnswerWorld) -> None:
    _number, message = asked(world)
    other = world.request().id
    with pytest.raises(NotThere):
        world.do(lambda unit: drafts.send(unit, world.settings, world.ada, world.outgoing(other, answers=message)))
    with pytest.raises(NotThere):
        suggested(world, other, message)


def test_a_draft_stays_with_its_request(world: AnswerWorld) -> None:
    one, other = world.request().id, world.request().id
    draft = world.do(lambda unit: drafts.save(unit, world.settings, world.ada, world.outgoing(one)))
    mail = world.outgoing(other)
    with pytest.raises(NotThere):
        world.do(lambda unit: drafts.save(unit, world.settings, world.ada, mail, draft.id))
    with pytest.raises(NotThere):
        world.do(lambda unit: drafts.send(unit, world.settings, world.ada, mail, draft.id))
    assert world.do(lambda unit: drafts.draft(unit, world.settings, world.ada, draft.id)).mail == draft.mail


def test_an_answer_to_a_merged_request_and_what_comes_back_are_where_it_went(world: AnswerWorld) -> None:
    old, new = world.request(), world.request()
    world.do(lambda unit: drafts.send(unit, world.settings, world.ada, world.outgoing(old.id)))
    world.do(lambda unit: merge(unit, world.ada, old.id, new.id, new.version))
    world.do(lambda unit: drafts.send(unit, world.settings, world.ada, world.outgoing(old.id)))
    assert world.look().sent == 2
    first, second = world.far.mails()
    assert old.number in first["Subject"]
    assert new.number in second["Subject"]
    assert world.shown(new.id).first_answer_at == world.now
    assert world.arrives(In_Reply_To=str(first["Message-ID"])).request_id == new.id
    assert world.arrives(In_Reply_To=str(second["Message-ID"])).request_id == new.id


def test_a_mail_says_something_and_its_html_as_text_too(world: AnswerWorld) -> None:
    number = world.request().id
    with pytest.raises(Invalid, match="empty"):
        world.do(lambda unit: drafts.send(unit, world.settings, world.ada, world.outgoing(number, text=" \n")))
    mail = world.outgoing(number, text="", html="<p>Hello <b>Eva</b><script>x()</script></p><p>We look.</p>")
    sent = world.do(lambda unit: drafts.send(unit, world.settings, world.ada, mail))
    world.look()
    plain = world.far.mails()[-1].get_body(("plain",))
    assert plain is not None
    assert plain.get_content().split() == ["Hello", "Eva", "We", "look."]
    kept = world.do(lambda unit: written.message(unit.session.connection, sent))
    assert kept is not None
    assert kept.text.split() == ["Hello", "Eva", "We", "look."]


def test_a_person_cannot_send_what_calls_itself_automatic(world: AnswerWorld) -> None:
    mail = world.outgoing(world.request().id, automatic="reply")
    with pytest.raises(Invalid):
        world.do(lambda unit: drafts.send(unit, world.settings, world.ada, mail))


def test_an_answer_without_a_subject_takes_that_of_its_request(world: AnswerWorld) -> None:
    number, message = asked(world, Subject="Printer broken")
    mail = replace(suggested(world, number, message).mail, subject=" ")
    world.do(lambda unit: drafts.send(unit, world.settings, world.ada, mail))
    world.look()
    assert world.far.mails()[-1]["Subject"] == f"Re: Printer broken [R-2026-{number:06}]"


def test_a_forward_has_the_mail_as_it_came(world: AnswerWorld) -> None:
    _number, message = asked(world)
    bob = Party("bob@example.org")
    draft = world.do(lambda unit: suggesting.forward(unit, world.settings, world.ada, message, [bob]))
    assert draft.mail.subject == "Fwd: Broken printer"
    assert "From: Eva Blau <eva@customer.example>" in draft.mail.text
    (file,) = draft.mail.files
    assert b"It does not print." in file.content
    assert file.content.startswith(b"To: ") or b"From: Eva" in file.content
    world.do(lambda unit: drafts.send(unit, world.settings, world.ada, draft.mail))
    world.look()
    assert world.far.gone[-1][2] == ("bob@example.org",)
    assert next(iter(world.far.mails()[-1].iter_attachments())).get_payload(decode=True) == file.content


def test_q11_the_mail_that_asks_for_what_is_missing(world: AnswerWorld) -> None:
    number, message = asked(world)
    wanted = ["invoice number", "serial  number\nof the printer"]
    draft = world.do(lambda unit: suggesting.ask_for_missing(unit, world.settings, world.ada, number, wanted))
    assert draft.mail.subject == "Missing: invoice number, serial number of the printer"
    assert "- invoice number\n- serial number of the printer\n" in draft.mail.text
    assert draft.mail.text.count("help@example.org") == 1
    assert "sales@example.org" in draft.mail.text, "several contact points"
    assert (draft.mail.answers, draft.mail.to[0].address) == (message, EVA)
    many = [f"thing number {n}" for n in range(9)]
    long = world.do(lambda unit: suggesting.ask_for_missing(unit, world.settings, world.ada, number, many))
    assert long.mail.subject == "Missing: thing number 0, thing number 1, thing number 2 ..."
    with pytest.raises(Missing) as raised:
        world.do(lambda unit: suggesting.ask_for_missing(unit, world.settings, world.ada, number, [" "]))
    assert raised.value.fields == ("fields",)


def test_the_asking_mail_is_the_admins_where_he_wrote_one(world: AnswerWorld) -> None:
    number, _message = asked(world)
    body = "Dear {{customer_name|customer}}, please send:\n{{missing}}\nCall us:\n{{contacts}}"
    world.do(lambda unit: canned.add(unit, world.ada, "Missing data", "We need more", body))
    draft = world.do(lambda unit: suggesting.ask_for_missing(unit, world.settings, world.ada, number, ["VAT number"]))
    assert draft.mail.subject == "We need more"
    assert draft.mail.text.startswith("Dear Eva Blau, please send:\n- VAT number\nCall us:\n- mail: help@example.org")


def test_canned_replies_are_filled_in_and_reach_nothing_else(world: AnswerWorld) -> None:
    number, _message = asked(world)
    body = (
        "{{ number }} {{subject}} {{responsible|nobody yet}} {{me}} {{url}} {{today}} {{{customer_name}}} {0.__class__}"
    )
    reply = world.do(lambda unit: canned.add(unit, world.ada, "Hello", "About {{subject}}", body))
    filled = world.do(lambda unit: canned.fill(unit, world.settings, world.ada, reply.id, number))
    shown = world.shown(number)
    address = f"https://hub.example.org/requests/{shown.number}"
    assert filled.subject == "About Broken printer"
    assert (
        filled.text == f"{shown.number} Broken printer nobody yet Ada {address} 2026-03-02 {{Eva Blau}} {{0.__class__}}"
    )
    assert (filled.unknown, filled.empty) == ((), ())


def test_what_a_customer_wrote_is_not_filled_in_again(world: AnswerWorld) -> None:
    number, _message = asked(world, Subject="{{customer_address}} {{me}}")
    reply = world.do(lambda unit: canned.add(unit, world.ada, "Hello", "", "About: {{subject}}"))
    filled = world.do(lambda unit: canned.fill(unit, world.settings, world.ada, reply.id, number))
    assert filled.text == "About: {{customer_address}} {{me}}"


def test_canned_replies_are_kept_in_order(world: AnswerWorld) -> None:
    def add(name: str) -> int:
        return world.do(lambda unit: canned.add(unit, world.ada, name, "", "text")).id

    one, two = add("One"), add("Two")
    for name, body in (("one", "text"), ("", "text"), ("x" * 201, "text"), ("Three", " "), ("Three", "{{colour}}")):
        with world.database.begin() as unit, pytest.raises(Invalid):
            canned.add(unit, world.ada, name, "", body)
    world.do(lambda unit: canned.order(unit, world.ada, (two, one)))
    with pytest.raises(Invalid):
        world.do(lambda unit: canned.order(unit, world.ada, (two,)))
    assert [one.name for one in world.do(lambda unit: canned.replies(unit, world.ada))] == ["Two", "One"]
    assert world.do(lambda unit: canned.change(unit, world.ada, one, "ONE", "s", "b")).subject == "s"
    world.do(lambda unit: canned.remove(unit, world.ada, two))
    with pytest.raises(NotThere):
        world.do(lambda unit: canned.reply(unit, world.ada, two))
    reader = Actor("bob", rights={"catalogue.read": "all"})
    assert [one.name for one in world.do(lambda unit: canned.replies(unit, reader))] == ["ONE"]
    tries: list[Callable[[SqlUnitOfWork], object]] = [
        lambda unit: canned.add(unit, reader, "x", "", "y"),
        lambda unit: canned.change(unit, reader, one, "x", "", "y"),
        lambda unit: canned.remove(unit, reader, one),
        lambda unit: canned.order(unit, reader, (one,)),
    ]
    for work in tries:
        with pytest.raises(Forbidden):
            world.do(work)
