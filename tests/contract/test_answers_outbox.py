"""The outbox: a mail goes out once, and what nobody knows is never sent again by itself (REQUESTS.md 11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from connectors.mail import Receipt, Sent
from crm.actor import Actor
from crm.answer import drafts
from crm.answer.outbox import decide, give_up, outbox, put
from crm.answer.outcomes import ASK_AGAIN, GIVE_UP_AFTER, SETTLE_AFTER, pause_after
from crm.answer.sending import Sending
from crm.answer.signed_ids import request_of
from crm.errors import Forbidden, Invalid, NotThere, Refused
from crm.mail.model import Party
from storage.crm import bounced
from storage.crm import outbox as rows
from storage.errors import StoreUnavailable
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import NotAuthorised, OutcomeUnknown, Rejected, Throttled, Unavailable
from tests.contract.answer_world import EVA, SETTINGS, AnswerWorld


@pytest.fixture
def world(store_url: str) -> Iterator[AnswerWorld]:
    made = AnswerWorld(store_url)
    yield made
    made.close()


def written(world: AnswerWorld, **more: object) -> tuple[int, int]:
    """A request and an answer to it in the outbox."""
    number = world.request().id
    mail = world.outgoing(number, **more)
    return number, world.do(lambda unit: drafts.send(unit, world.settings, world.ada, mail))


def test_q11_an_answer_goes_out_once_from_the_mailbox_with_a_signed_id(world: AnswerWorld) -> None:
    number, mail = written(world)
    assert world.state(mail) == ("waiting", "waiting")
    assert world.far.gone == []
    assert (world.look().sent, world.look().sent) == (1, 0)
    assert world.state(mail) == ("sent", "sent")
    ((_raw, sender, recipients),) = world.far.gone
    assert (sender, recipients) == ("help@example.org", (EVA,))
    (gone,) = world.far.mails()
    assert gone["From"] == "Help Desk <help@example.org>" == gone["Reply-To"]
    assert gone["Subject"] == f"Re: Broken printer [{world.shown(number).number}]"
    assert request_of(SETTINGS.signing_key, str(gone["Message-ID"])) == number
    assert EVA.split("@", maxsplit=1)[0] not in str(gone["Message-ID"])


def test_what_went_out_stands_in_the_history_and_is_the_first_answer(world: AnswerWorld) -> None:
    number, _mail = written(world)
    assert world.shown(number).first_answer_at is None, "it has not gone out yet"
    world.pass_time(minutes=3)
    world.look()
    assert world.shown(number).first_answer_at == world.now
    lines = [(line.actor, line.action) for line in world.history(number)]
    assert ("ada", "wrote") in lines
    assert ("ada", "answered") in lines


def test_an_internal_copy_is_no_answer(world: AnswerWorld) -> None:
    number, _mail = written(world, to=(Party("bob@example.org"),))
    assert world.look().sent == 1
    assert world.shown(number).first_answer_at is None


def test_a_rejected_mail_failed_and_can_be_tried_again_by_a_person(world: AnswerWorld) -> None:
    number, mail = written(world)
    world.far.raises = [Rejected("No such mailbox.", server_said="550 5.1.1")]
    assert world.look().failed == 1
    assert world.state(mail) == ("failed", "failed")
    (line,) = [line for line in world.history(number) if line.action == "not sent"]
    assert "550" in line.reason
    world.pass_time(days=1)
    assert world.look().sent == 0
    world.do(lambda unit: decide(unit, world.ada, mail, was_sent=False))
    assert world.look().sent == 1


def test_what_cannot_be_handed_over_is_tried_again_with_growing_pauses(world: AnswerWorld) -> None:
    _number, mail = written(world)
    error = Unavailable("Nobody there.")
    for tries in range(1, 8):
        world.far.raises = [error]
        assert world.look().error is error
        assert world.state(mail) == ("waiting", "waiting")
        pause = pause_after(tries)
        world.pass_time(seconds=pause.total_seconds() - 1)
        assert (world.look().sent, world.far.gone) == (0, []), "not before its time"
        world.pass_time(seconds=1)
    assert pause_after(8) == timedelta(minutes=15) > pause_after(3) > pause_after(1)
    assert world.look().sent == 1


def test_once_the_password_is_right_no_mail_waits_long(world: AnswerWorld) -> None:
    written(world)
    for _ in range(6):
        world.far.raises = [NotAuthorised("Wrong password.")]
        assert isinstance(world.look().error, NotAuthorised)
        world.pass_time(minutes=1)
    assert world.look().sent == 1


def test_the_first_mail_that_goes_out_takes_along_what_waited_for_the_account(world: AnswerWorld) -> None:
    _number, grey = written(world)
    world.far.raises = [Unavailable("Not now.", server_said="451 4.7.1 come back later")]
    world.look()
    world.do(lambda unit: _wait_until(unit, grey, world.now + timedelta(hours=2)))
    _number, waited = written(world)
    for tries in range(1, 6):
        world.far.raises = [Unavailable("Nobody there.")]
        world.look()
        world.pass_time(seconds=pause_after(tries).total_seconds())
    world.far.raises = [Unavailable("Nobody there.")]
    world.look()
    _number, new = written(world)
    assert world.look().sent == 1
    assert [world.state(mail)[0] for mail in (grey, waited, new)] == ["waiting", "waiting", "sent"]
    assert world.look().sent == 1, "at once"
    assert [world.state(mail)[0] for mail in (grey, waited)] == ["waiting", "sent"]


def _wait_until(unit: SqlUnitOfWork, mail: int, when: datetime) -> None:
    row = rows.of_message(unit.session.connection, mail)
    assert row is not None
    assert rows.move(unit.session.connection, row.id, "waiting", "waiting", next_at=when)


def test_after_five_days_nobody_waits_any_more(world: AnswerWorld) -> None:
    _number, mail = written(world)
    world.far.raises = [Unavailable("Nobody there.")] * 2
    world.look()
    world.pass_time(seconds=GIVE_UP_AFTER.total_seconds() + 1)
    assert world.look().failed == 1
    assert world.state(mail) == ("failed", "failed")


def test_a_server_that_asks_for_time_gets_it_and_others_wait_too(world: AnswerWorld) -> None:
    written(world)
    written(world)
    world.far.raises = [Throttled("Slow down.", retry_after=120)]
    done = world.look()
    assert isinstance(done.error, Throttled)
    assert (done.sent, done.later) == (0, 1)
    assert world.far.gone == [], "nothing more was tried"
    world.pass_time(seconds=119)
    assert world.look().sent == 1, "the other one"
    world.pass_time(seconds=1)
    assert world.look().sent == 1


@pytest.mark.parametrize("trouble", [OutcomeUnknown("The line broke."), ZeroDivisionError()])
def test_q11_what_may_have_gone_out_is_never_sent_again_by_itself(world: AnswerWorld, trouble: Exception) -> None:
    _number, mail = written(world)
    world.far.raises, world.far.takes_anyway = [trouble], True
    assert world.look().doubt == 1
    assert world.state(mail) == ("doubt", "doubt")
    for _day in range(8):
        world.pass_time(hours=11)
        world.look()
    assert len(world.far.gone) == 1
    assert len(world.far.asked) == 1, "a system that cannot tell is asked once"
    assert world.state(mail) == ("doubt", "doubt")


def test_the_system_settles_a_doubt_when_it_can_tell_that_it_was_sent(world: AnswerWorld) -> None:
    number, mail = written(world)
    world.far.raises, world.far.takes_anyway, world.far.tells = [OutcomeUnknown("The line broke.")], True, True
    world.look()
    world.pass_time(seconds=SETTLE_AFTER.total_seconds() - 1)
    world.look()
    assert world.far.asked == [], "it may still be on its way"
    world.pass_time(seconds=1)
    assert world.look().sent == 1
    assert world.state(mail) == ("sent", "sent")
    assert world.far.asked == [world.far.mails()[0]["Message-ID"].strip("<>")]
    assert len(world.far.gone) == 1
    assert world.shown(number).first_answer_at == world.now


@pytest.mark.parametrize("rewrites", [False, True])
def test_the_system_says_that_it_was_not_sent(world: AnswerWorld, rewrites: bool) -> None:
    """That counts if it finds what was sent before: one that writes Message-IDs of its own finds nothing at all."""
    written(world)
    world.look()
    world.far.tells, world.far.rewrites = True, rewrites
    _number, mail = written(world)
    world.far.raises = [OutcomeUnknown("The line broke.")]
    world.look()
    world.pass_time(seconds=SETTLE_AFTER.total_seconds())
    world.look()
    assert world.state(mail) == (("doubt", "doubt") if rewrites else ("sent", "sent"))
    assert len(world.far.gone) == (1 if rewrites else 2)


def test_a_system_that_never_found_a_mail_is_not_believed_that_one_was_not_sent(world: AnswerWorld) -> None:
    _number, mail = written(world)
    world.far.raises, world.far.tells = [OutcomeUnknown("The line broke.")], True
    world.look()
    world.pass_time(days=1)
    world.look()
    assert world.state(mail) == ("doubt", "doubt")
    assert world.far.gone == []


def test_a_system_that_cannot_be_asked_is_asked_later(world: AnswerWorld) -> None:
    _number, mail = written(world)
    world.far.raises, world.far.takes_anyway = [OutcomeUnknown("The line broke.")], True
    world.look()
    world.pass_time(seconds=SETTLE_AFTER.total_seconds())
    world.far.find_sent = _unreachable  # type: ignore[method-assign]
    assert isinstance(world.look().error, Unavailable)
    assert world.state(mail) == ("doubt", "doubt")
    del world.far.find_sent
    world.far.tells = True
    assert world.look().sent == 0
    world.pass_time(seconds=ASK_AGAIN.total_seconds())
    assert world.look().sent == 1


def _unreachable(message_id: str) -> bool | None:
    raise Unavailable("Nobody there.")


def test_a_person_decides_what_no_system_can(world: AnswerWorld) -> None:
    (_one, first), (_two, second) = written(world), written(world)
    world.far.raises = [OutcomeUnknown("The line broke.")]
    world.look()
    world.far.raises = [OutcomeUnknown("The line broke.")]
    world.look()
    world.do(lambda unit: decide(unit, world.ada, first, was_sent=True))
    world.do(lambda unit: decide(unit, world.ada, second, was_sent=False))
    assert world.state(first) == ("sent", "sent")
    assert world.look().sent == 1
    with pytest.raises(Refused):
        world.do(lambda unit: decide(unit, world.ada, first, was_sent=False))
    with pytest.raises(NotThere):
        world.do(lambda unit: decide(unit, world.ada, 10**6, was_sent=False))
    nobody = Actor("eve")
    with pytest.raises(Forbidden):
        world.do(lambda unit: decide(unit, nobody, second, was_sent=True))
    with pytest.raises(Forbidden):
        world.do(lambda unit: outbox(unit, nobody))


def test_a_person_gives_up_what_is_not_to_be_sent_any_more(world: AnswerWorld) -> None:
    number, mail = written(world)
    with pytest.raises(Refused, match="waiting"):
        world.do(lambda unit: give_up(unit, world.ada, mail))
    world.far.raises = [Rejected("No such mailbox.", server_said="550 5.1.1")]
    world.look()
    with pytest.raises(Forbidden):
        world.do(lambda unit: give_up(unit, Actor("eve"), mail))
    world.do(lambda unit: give_up(unit, world.ada, mail))
    assert world.state(mail) == ("given_up", "given_up")
    assert world.do(lambda unit: outbox(unit, world.ada)) == []
    (kept,) = world.do(lambda unit: outbox(unit, world.ada, states=("given_up",)))
    assert (kept.sent_at, "550" in kept.error) == (None, True), "it was not sent, and says why"
    assert world.do(lambda unit: rows.standing(unit.session.connection)) == []
    assert [line.after for line in world.history(number) if line.action == "outbox"] == ["is not sent any more"]
    world.pass_time(days=1)
    assert (world.look().sent, world.far.gone) == (0, [])


def test_what_a_dead_process_left_is_in_doubt(world: AnswerWorld) -> None:
    _number, mail = written(world)
    with world.database.begin() as unit:
        (row,) = rows.due(unit.session.connection, "help", world.now, 9)
        assert rows.move(unit.session.connection, row.id, "waiting", "sending", started_at=world.now)
    again = Sending(world.database, SETTINGS, "help")
    assert again.look(world.far).doubt == 1
    assert world.far.gone == []
    assert world.state(mail) == ("doubt", "doubt")


def test_an_outcome_that_the_store_did_not_take_is_remembered(
    world: AnswerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    _number, mail = written(world)
    real = rows.move

    def broken(connection: object, number: int, old: str, new: str, **values: object) -> bool:
        if new == "sent":
            raise StoreUnavailable("The disk is gone.")
        return real(connection, number, old, new, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(rows, "move", broken)
    with pytest.raises(StoreUnavailable):
        world.look()
    assert world.sending.unsaved
    monkeypatch.undo()
    assert (world.look().sent, len(world.far.gone)) == (1, 1)
    assert world.state(mail) == ("sent", "sent")


def test_of_two_processes_one_works_the_outbox_off(world: AnswerWorld) -> None:
    _number, _mail = written(world)
    other = Sending(world.database, SETTINGS, "help")
    seen: list[bool] = []

    class Meanwhile(type(world.far)):  # type: ignore[misc]
        def send(self, *what: object) -> Receipt:
            seen.append(other.look(world.far).busy)
            return Receipt(Sent.ACCEPTED)

    world.sending.look(Meanwhile())
    assert seen == [True]
    assert world.far.gone == []


def test_q11_a_mail_that_was_taken_meanwhile_is_left_alone(world: AnswerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at what waits and its turn somebody else began to send it."""
    _number, first = written(world)
    _number, second = written(world)
    send = world.far.send

    def meanwhile(raw: bytes, sender: str, recipients: Sequence[str]) -> Receipt:
        def take(unit: SqlUnitOfWork) -> bool:
            row = rows.of_message(unit.session.connection, second)
            return row is not None and rows.move(unit.session.connection, row.id, "waiting", "sending")

        assert world.do(take)
        return send(raw, sender, recipients)

    monkeypatch.setattr(world.far, "send", meanwhile)
    assert (world.look().sent, len(world.far.gone)) == (1, 1)
    assert (world.state(first)[0], world.state(second)[0]) == ("sent", "sending")


def test_some_recipients_are_refused(world: AnswerWorld) -> None:
    number, mail = written(world, cc=(Party("otto@x.example"), Party("full@x.example")))
    refused = (("otto@x.example", "550 5.1.1 nobody"), ("full@x.example", "452 4.2.2 full"))
    world.far.raises = [Receipt(Sent.PARTLY, refused)]
    world.look()
    assert world.state(mail) == ("waiting", "waiting")
    assert any(line.action == "refused" and "otto@x.example" in line.after for line in world.history(number))
    assert world.shown(number).first_answer_at == world.now, "Eva got it"
    world.pass_time(minutes=1)
    assert world.look().sent == 1
    assert world.state(mail) == ("sent", "sent")
    assert [recipients for _raw, _sender, recipients in world.far.gone] == [
        (EVA, "otto@x.example", "full@x.example"),
        ("full@x.example",),
    ], "who has it does not get it again"
    dead = world.do(lambda unit: dict(bounced.dead(unit.session.connection, ["otto@x.example", "full@x.example"])))
    assert list(dead) == ["otto@x.example"], "a full mailbox may have room tomorrow"


def test_the_outbox_is_listed_in_pages(world: AnswerWorld) -> None:
    mails = [written(world)[1] for _ in range(3)]
    page = world.do(lambda unit: outbox(unit, world.ada, limit=2))
    assert [one.message_id for one in page] == [mails[2], mails[1]]
    rest = world.do(lambda unit: outbox(unit, world.ada, before=page[-1].id))
    assert [one.message_id for one in rest] == [mails[0]]
    assert world.do(lambda unit: outbox(unit, world.ada, states=("sent",))) == []
    with pytest.raises(Invalid):
        world.do(lambda unit: outbox(unit, world.ada, states=("lost",)))


def test_a_mail_needs_a_mailbox_and_a_request(world: AnswerWorld) -> None:
    number = world.request().id
    with pytest.raises(Invalid, match="help, sales"):
        world.do(lambda unit: put(unit, world.settings, world.outgoing(number, mailbox="nowhere")))
    with pytest.raises(NotThere):
        world.do(lambda unit: put(unit, world.settings, world.outgoing(10**6)))
