"""What became of a mail that was handed over, and what that does to the outbox, the request and the addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crm.actor import OUTBOX, Actor
from crm.request.history import note
from crm.request.mailing import answered
from crm.request.reading import current_id, request
from crm.settings import CrmSettings
from storage.crm import bounced
from storage.crm import outbox as rows
from storage.crm.outbox import OutRow
from storage.crm.written import user_name
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import NotAuthorised, SyncError, Throttled

SETTLE_AFTER = timedelta(minutes=10)  # before that a mail may still be on its way: "not sent" would be no answer yet
ASK_AGAIN = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1
FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(minutes=15)

_NOBODY_KNOWS = "It is not known whether this mail was sent: look at the mailbox, or ask who should have got it."
_NOT_AGAIN = "It is not known whether this mail was sent; it was written by itself and is not sent again."
_TOO_OLD = "It could not be sent for five days and is not tried any more. The last error: "


class State(StrEnum):
    """What is known."""

    SENT = "sent"
    FAILED = "failed"  # the system will never take it
    WAITING = "waiting"  # it was not sent, for certain
    DOUBT = "doubt"  # nobody knows; the system is asked later
    ASK_LATER = "ask later"  # the system could not be asked
    PERSON = "person"  # the system cannot tell: a person decides


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one mail."""

    state: State
    error: str = ""  # one sentence
    pause: timedelta = timedelta(0)  # before it is tried again
    refused: tuple[tuple[str, str], ...] = ()  # recipients that did not get it, what the server said
    account_error: SyncError | None = None  # the whole account cannot send now


def of_search(found: bool | None, row: OutRow) -> Outcome:
    """Of a mail in doubt, from what its system says."""
    if found is None:
        return Outcome(State.PERSON, row.error)
    return Outcome(State.SENT) if found else Outcome(State.WAITING, "It was in doubt; the system says it was not sent.")


def apply(unit: SqlUnitOfWork, settings: CrmSettings, number: int, outcome: Outcome) -> State | None:
    """Write it down; gives what the mail is now, None where that was decided already. Twice is harmless."""
    row = rows.by_id(unit.session.connection, number)
    if row is None or row.state not in ("sending", "doubt"):
        return None
    return _STEPS[outcome.state](unit, settings, row, outcome)


def _sent(unit: SqlUnitOfWork, settings: CrmSettings, row: OutRow, outcome: Outcome) -> State | None:
    """Some recipients may have been refused: for ever, or for now; the latter alone are tried again."""
    connection, now = unit.session.connection, unit.session.now()
    later = tuple(who for who, why in outcome.refused if why.lstrip().startswith("4"))
    error = "Refused: " + "; ".join(f"{who}: {why}" for who, why in outcome.refused) if outcome.refused else ""
    again = later and not is_too_old(row, now)
    next_at = now + pause_after(row.tries) if again else None
    more = {"recipients": "\n".join(later)} if again else {}
    state = State.WAITING if again else State.SENT
    if not rows.move(connection, row.id, row.state, str(state), sent_at=now, next_at=next_at, error=error, **more):
        return None
    if row.state == "sending":  # its account works: what waited for that waits no more
        rows.wake(connection, row.mailbox, now)
    for address, said in outcome.refused:
        if address not in later or not again:
            permanent = said.lstrip().startswith("5")
            bounced.mark(connection, address, now, permanent=permanent, reason=said, report_id=None)
    _tell_sent(unit, settings, row, outcome, error)
    return state


def _tell_sent(unit: SqlUnitOfWork, settings: CrmSettings, row: OutRow, outcome: Outcome, error: str) -> None:
    request_id = _request_of(unit, row)
    if request_id is None:
        return
    actor, refused = _writer(unit, row), {who for who, _why in outcome.refused}
    if error:
        note(unit, request_id, actor, "refused", after=", ".join(sorted(refused)), reason=error[:900])
    got_it = set(row.recipients) - refused
    if not row.automatic and _is_for_customer(unit, settings, request_id, got_it):
        answered(unit, actor, request_id, unit.session.now())


def _failed(unit: SqlUnitOfWork, settings: CrmSettings, row: OutRow, outcome: Outcome) -> State | None:
    del settings
    if not rows.move(unit.session.connection, row.id, row.state, "failed", next_at=None, error=outcome.error):
        return None
    request_id = _request_of(unit, row)
    if request_id is not None:
        note(unit, request_id, _writer(unit, row), "not sent", after=row.subject[:900], reason=outcome.error[:900])
    return State.FAILED


def _waiting(unit: SqlUnitOfWork, settings: CrmSettings, row: OutRow, outcome: Outcome) -> State | None:
    now = unit.session.now()
    if is_too_old(row, now):
        return _failed(unit, settings, row, Outcome(State.FAILED, _TOO_OLD + outcome.error))
    later = now + outcome.pause
    begun = {"started_at": None} if _is_of_account(outcome.account_error) else {}
    moved = rows.move(
        unit.session.connection, row.id, row.state, "waiting", next_at=later, error=outcome.error, **begun
    )
    return State.WAITING if moved else None


def _is_of_account(error: SyncError | None) -> bool:
    """Whether it says nothing of this mail: not one that a grey list or a full mailbox answered for now (4xx)."""
    if error is None or isinstance(error, Throttled):
        return False
    return isinstance(error, NotAuthorised) or not error.server_said.lstrip().startswith("4")


def _doubt(unit: SqlUnitOfWork, settings: CrmSettings, row: OutRow, outcome: Outcome) -> State | None:
    del settings
    later = (row.started_at or unit.session.now()) + SETTLE_AFTER
    moved = rows.move(unit.session.connection, row.id, row.state, "doubt", next_at=later, error=outcome.error)
    return State.DOUBT if moved else None


def _ask_later(unit: SqlUnitOfWork, settings: CrmSettings, row: OutRow, outcome: Outcome) -> State | None:
    del settings, outcome
    later = unit.session.now() + ASK_AGAIN
    rows.move(unit.session.connection, row.id, row.state, row.state, next_at=later)
    return None


def _person(unit: SqlUnitOfWork, settings: CrmSettings, row: OutRow, outcome: Outcome) -> State | None:
    if row.automatic:
        return _failed(unit, settings, row, Outcome(State.FAILED, _NOT_AGAIN))
    said = f"{_NOBODY_KNOWS} ({outcome.error})" if outcome.error else _NOBODY_KNOWS
    if not rows.move(unit.session.connection, row.id, row.state, "doubt", next_at=None, error=said):
        return None
    request_id = _request_of(unit, row)
    if request_id is not None:
        note(unit, request_id, _writer(unit, row), "in doubt", after=row.subject[:900], reason=_NOBODY_KNOWS)
    return State.DOUBT


_STEPS = {
    State.SENT: _sent,
    State.FAILED: _failed,
    State.WAITING: _waiting,
    State.DOUBT: _doubt,
    State.ASK_LATER: _ask_later,
    State.PERSON: _person,
}


def is_too_old(row: OutRow, now: datetime) -> bool:
    """Nobody waits for this mail any more."""
    return now - row.created_at > GIVE_UP_AFTER


def _request_of(unit: SqlUnitOfWork, row: OutRow) -> int | None:
    return None if row.request_id is None else current_id(unit, row.request_id)


def _writer(unit: SqlUnitOfWork, row: OutRow) -> Actor:
    """Who wrote the mail, for the history."""
    name = user_name(unit.session.connection, row.user_id)
    return Actor(name, row.user_id, unlimited=True) if name else OUTBOX


def _is_for_customer(unit: SqlUnitOfWork, settings: CrmSettings, request_id: int, got_it: set[str]) -> bool:
    """An internal copy is no answer."""
    found = request(unit, OUTBOX, request_id)
    outside = {one.address for one in found.people if one.role != "colleague"} | {found.customer_address}
    if found.customer_address:
        return bool(outside & got_it)
    return bool(got_it - settings.own_addresses - {one.address for one in found.people})


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many tries: 1, 2, 4, 8, 15 minutes."""
    pause: timedelta = FIRST_PAUSE * 2 ** min(max(tries, 1) - 1, 10)
    return min(pause, _LONGEST_PAUSE)
