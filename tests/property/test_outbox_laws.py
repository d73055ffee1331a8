"""Whatever goes wrong while mails are sent, and in whatever order: nobody gets one twice, and none is forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.mail import Receipt, Sent
from crm.actor import OUTBOX
from crm.answer.outbox import decide, outbox, put
from crm.answer.sending import Sending
from crm.mail.model import Party
from storage import schema
from storage.crm import written
from sync_engine.errors import NotAuthorised, OutcomeUnknown, Rejected, Throttled, Unavailable
from tests.contract.answer_world import EVA, SETTINGS, AnswerWorld, FarSide, parsed

OTTO = "otto@x.example"


class Killed(BaseException):
    """The process is gone."""


class Line(FarSide):
    """Each mail meets the next of `days`; afterwards all is well."""

    def __init__(self, days: Sequence[str]) -> None:
        super().__init__(tells="tells" in days)
        self.days = [day for day in days if day != "tells"]

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Receipt:
        day = self.days.pop(0) if self.days else "good"
        before, refused = _BEFORE.get(day), tuple(_REFUSED[day] for _ in [0] if day in _REFUSED and OTTO in recipients)
        if before is not None:
            raise before
        taken = tuple(one for one in recipients if one not in {who for who, _why in refused})
        if not taken:
            raise Unavailable("Not now.")
        self.gone.append((raw, sender, taken))
        if day == "lost":
            raise OutcomeUnknown("The line broke.")
        if day == "killed after":
            raise Killed
        return Receipt(Sent.PARTLY, refused) if refused else Receipt(Sent.ACCEPTED)


_BEFORE: dict[str, BaseException] = {
    "down": Unavailable("Nobody there."),
    "busy": Throttled("Later.", retry_after=60),
    "locked": NotAuthorised("Wrong password."),
    "refused": Rejected("Never."),
    "killed before": Killed(),
    "broken": OutcomeUnknown("The line broke."),  # and it had not gone out
}
_REFUSED = {"full": (OTTO, "452 full"), "unknown": (OTTO, "550 nobody")}
days = st.lists(st.sampled_from([*_BEFORE, *_REFUSED, "lost", "killed after", "good", "tells"]), max_size=8)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnswerWorld]:
    file: Path = tmp_path_factory.mktemp("laws") / "hub.db"
    schema.upgrade(f"sqlite:///{file}")
    made = AnswerWorld(f"sqlite:///{file}")
    yield made
    made.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=days, mails=st.integers(1, 3))
@example(days=["tells", "full", "broken"], mails=1)  # it is found, for one of them had it before
@example(days=["killed after", "killed before", "lost"], mails=3)
@example(days=["full", "killed after"], mails=1)
def test_q11_nobody_gets_a_mail_twice_and_none_is_forgotten(world: AnswerWorld, days: list[str], mails: int) -> None:
    line, ids = Line(days), [_answer(world) for _ in range(mails)]
    sending = Sending(world.database, SETTINGS, "help")
    for _look in range(60):
        try:
            sending.look(line)
        except Killed:
            sending = Sending(world.database, SETTINGS, "help")
        _nobody_twice(line)
        if not world.do(lambda unit: outbox(unit, OUTBOX)):
            break
        _a_person_looks(world, line)
        world.pass_time(minutes=15)
    assert [world.state(number)[0] for number in ids] == ["sent"] * mails
    missing = [who for who in (EVA, OTTO) for _ in ids if "unknown" not in days]
    assert Counter(who for _raw, _sender, taken in line.gone for who in taken) >= Counter(missing)


def _answer(world: AnswerWorld) -> int:
    mail = world.outgoing(world.request().id, cc=(Party(OTTO),))
    return world.do(lambda unit: put(unit, SETTINGS, mail))


def _nobody_twice(line: Line) -> None:
    got = Counter((str(parsed(raw)["Message-ID"]), who) for raw, _sender, taken in line.gone for who in taken)
    assert max(got.values(), default=0) <= 1, got


def _a_person_looks(world: AnswerWorld, line: Line) -> None:
    """At what waits for him: he sees in the far mailboxes what is true, and has what failed sent again."""
    for entry in world.do(lambda unit: outbox(unit, OUTBOX, states=("doubt", "failed"))):
        if entry.state == "doubt" and entry.next_at is not None:
            continue  # its system is asked first
        with world.database.begin() as unit:
            mail = written.message(unit.session.connection, entry.message_id)
            assert mail is not None
            got = {
                who
                for raw, _sender, taken in line.gone
                if parsed(raw)["Message-ID"] == f"<{mail.message_id}>"
                for who in taken
            }
            decide(unit, OUTBOX, entry.message_id, was_sent=got >= set(entry.recipients))
