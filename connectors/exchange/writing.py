"""Writes: a batch of them, in as few requests as there are sorts of them, or a single one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.exchange.creating import Creating
from connectors.exchange.deleting import Deleting
from connectors.exchange.finding import Finding
from connectors.exchange.meetings import own_addresses
from connectors.exchange.places import Place
from connectors.exchange.reading import Reading
from connectors.exchange.sending import Answers
from connectors.exchange.steps import Steps
from connectors.exchange.transport import Transport
from connectors.exchange.updating import Updating
from connectors.owner import Owner
from sync_engine.errors import AccountError, OutcomeUnknown
from sync_engine.ports import RemoteRef, Write, Written

MOST = 50
"""Writes of one batch."""


class Writing:
    """Writes items of one account."""

    def __init__(self, transport: Transport, reading: Reading, finding: Finding, steps: Steps, home_zone: str) -> None:
        self.owner = owner = Owner(lambda: own_addresses(transport))
        self._creating = Creating(transport, finding, steps, owner, home_zone)
        self._updating = Updating(transport, reading, steps, owner, home_zone)
        self._deleting = Deleting(transport, reading)

    def write(self, place: Place, writes: Sequence[Write]) -> Iterator[Written]:
        """As `BatchWrites`."""
        answers, error = Answers(), None
        numbered = list(enumerate(writes))
        try:
            self._creating.create(place, [(n, w) for n, w in numbered if w.ref is None], answers)
            self._updating.update(place, [(n, w) for n, w in numbered if w.ref is not None and w.item], answers)
            gone = [(n, w.ref) for n, w in numbered if w.ref is not None and w.item is None]
            self._deleting.delete(place, gone, answers)
        except AccountError as err:
            error = err
        yield from _in_order(answers, error)
        if error is not None:
            raise error

    def alone(self, place: Place, write: Write) -> RemoteRef | None:
        """One write, and its error if it has one."""
        (answer,) = self.write(place, [write])
        if isinstance(answer, Exception):
            raise answer
        return answer


def _in_order(answers: Answers, error: AccountError | None) -> Iterator[Written]:
    """Up to the last answer; what stands before it and was not sent is settled by a read, which finds nothing done."""
    for number in range(max(answers.found, default=-1) + 1):
        if number in answers.found:
            yield answers.found[number]
        else:
            yield OutcomeUnknown(f"This write was not sent: {error}")
