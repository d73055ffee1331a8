"""Many writes in one request. Those that need steps of their own, or a look at their base, go alone in their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from connectors.microsoft365.answers import Answer
from connectors.microsoft365.batch import Batch, Part
from connectors.microsoft365.meetings import refuse_cancellation, refuse_mail
from connectors.microsoft365.places import Place
from connectors.microsoft365.plans import check_kind, to_update
from connectors.microsoft365.queries import LOOK
from connectors.microsoft365.reading import Reading
from connectors.microsoft365.transport import Transport
from connectors.microsoft365.writing import Gone, Writing, deleted, may_be_meeting
from connectors.outcomes import in_order
from connectors.people import people_in
from sync_engine.errors import AccountError, ItemError, NoAccess, OutcomeUnknown, Rejected
from sync_engine.model import Kind
from sync_engine.ports import RemoteRef, Write, Written

Looks: TypeAlias = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class _Ready:
    """One request, and what its answer means."""

    part: Part
    judge: Callable[[Answer], RemoteRef | None]


@dataclass(frozen=True, slots=True)
class _Alone:
    """A write that is more than one request."""

    carry_out: Callable[[], RemoteRef | None]


_Prepared: TypeAlias = _Ready | _Alone | RemoteRef | ItemError | OutcomeUnknown | None
"""What is to be done; or what came of it without any request."""


class BatchWriting:
    """Answers `BatchWrites.write`."""

    def __init__(self, transport: Transport, reading: Reading, writing: Writing) -> None:
        self._transport = transport
        self._reading = reading
        self._writing = writing
        self._batch = Batch(transport)

    def write(self, place: Place, writes: Sequence[Write]) -> Iterator[Written]:
        """One answer for each write, in their order."""
        looks = self._look(place, writes)
        waiting: list[_Ready] = []
        finished: list[Written | _Ready] = []  # since the last request
        for write in writes:
            prepared = self._prepare(place, write, looks)
            if isinstance(prepared, _Ready):
                waiting.append(prepared)
                finished.append(prepared)
            elif isinstance(prepared, _Alone):
                yield from self._flush(place, waiting, finished)
                waiting, finished = [], []
                yield self._carried_out(place, prepared)
            else:
                finished.append(prepared)
        yield from self._flush(place, waiting, finished)

    # ------------------------------------------------------------ before

    def _look(self, place: Place, writes: Sequence[Write]) -> Looks:
        """At events that are to be deleted, and at meetings: could anybody get a mail?"""
        ids = [write.ref.id for write in writes if write.ref is not None and _needs_look(place, write)]
        parts = [Part("get", self._reading.path(place, item_id) + LOOK) for item_id in ids]
        return dict(zip(ids, self._batch.read(parts, place.owner), strict=True))

    def _prepare(self, place: Place, write: Write, looks: Looks) -> _Prepared:
        try:
            if write.ref is None:
                return self._creation(place, write)
            if write.item is None:
                return self._deletion(place, write.ref, looks)
            return self._change(place, write, write.ref, looks)
        except Gone as err:
            return None if write.item is None else err
        except ItemError as err:
            return err
        except AccountError as err:
            if write.ref is None or write.ref.id not in looks or looks[write.ref.id].ok:
                raise
            return OutcomeUnknown(f"It was not written, as it could not be looked at before: {err}")

    def _creation(self, place: Place, write: Write) -> _Prepared:
        item, key = write.item, write.key
        if item is None:
            return None
        if people_in(item.record):
            return _Alone(lambda: self._writing.create(place, item, key))
        plan = self._writing.plan_new(place, item, key)
        if plan.several:
            return _Alone(lambda: self._writing.create(place, item, key))
        part = Part("post", self._transport.path(place.items, place.owner), plan.body)
        return _Ready(part, lambda answer: self._writing.created(place, answer, key))

    def _change(self, place: Place, write: Write, ref: RemoteRef, looks: Looks) -> _Prepared:
        item, base = write.item, write.base
        if item is None or base is None or not ref.version:
            return _Alone(lambda: self._writing.update(place, ref, item, base) if item else None)
        check_kind(place.kind, item)
        plan = to_update(base, item, self._writing.home_zone)
        if not plan:
            return ref
        if ref.id in looks:
            refuse_mail(self._writing.seen(place, looks[ref.id], ref), plan)
        if plan.several:
            return _Alone(lambda: self._writing.update(place, ref, item, base))
        part = Part("patch", self._reading.path(place, ref.id), plan.body, {"If-Match": ref.version})
        return _Ready(part, lambda answer: self._writing.changed(place, answer, ref.id))

    def _deletion(self, place: Place, ref: RemoteRef, looks: Looks) -> _Prepared:
        if ref.id in looks:
            refuse_cancellation(self._writing.seen(place, looks[ref.id], ref))
        part = Part("delete", self._reading.path(place, ref.id), headers={"If-Match": ref.version})
        return _Ready(part, lambda answer: deleted(answer, place))

    # ------------------------------------------------------------ the requests

    def _flush(
        self, place: Place, waiting: Sequence[_Ready], finished: Sequence[Written | _Ready]
    ) -> Iterator[Written]:
        """Send what waits, and answer all that came since the last request."""
        answers: Iterator[Answer | OutcomeUnknown] = iter(())
        if waiting:
            answers = iter(self._sent(place, waiting))
        told = [_judged(one, next(answers)) if isinstance(one, _Ready) else one for one in finished]
        yield from in_order(self._items_own(place, told))

    def _items_own(self, place: Place, told: Sequence[Written | AccountError]) -> list[Written | AccountError]:
        """Where others could be written, or the calendar could, a missing right is the item's own trouble (R09)."""
        if not any(isinstance(one, NoAccess) for one in told):
            return list(told)
        if not any(isinstance(one, RemoteRef) for one in told) and not self._is_writable(place):
            return list(told)
        return [_not_allowed(one) if isinstance(one, NoAccess) else one for one in told]

    def _is_writable(self, place: Place) -> bool:
        """As far as Graph says it: of calendars."""
        if place.kind is not Kind.EVENT:
            return False
        path = self._transport.path(place.folder, place.owner) + "?$select=canEdit"
        answer = self._transport.ask("get", path, owner=place.owner)
        return answer.ok and answer.document.get("canEdit") is True

    def _carried_out(self, place: Place, alone: _Alone) -> Written:
        try:
            return alone.carry_out()
        except (ItemError, OutcomeUnknown) as err:
            return err
        except NoAccess as err:
            (own,) = self._items_own(place, [err])
            if not isinstance(own, ItemError):
                raise
            return own

    def _sent(self, place: Place, waiting: Sequence[_Ready]) -> Sequence[Answer | OutcomeUnknown]:
        try:
            return self._batch.write([one.part for one in waiting], place.owner)
        except OutcomeUnknown as err:
            return [err] * len(waiting)


def _judged(ready: _Ready, answer: Answer | OutcomeUnknown) -> Written | AccountError:
    if isinstance(answer, OutcomeUnknown):
        return answer
    try:
        return ready.judge(answer)
    except (ItemError, AccountError) as err:
        return err


def _not_allowed(err: NoAccess) -> Rejected:
    message = "Microsoft 365 does not let this account change this one item; ask its owner, or leave it as it is."
    return Rejected(message, server_said=err.server_said)


def _needs_look(place: Place, write: Write) -> bool:
    if place.kind is not Kind.EVENT and (write.item is not None or (write.ref and write.ref.version)):
        return False
    if write.item is None:
        return True
    return write.base is not None and may_be_meeting(place, write.item, write.base)
