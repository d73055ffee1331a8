"""Many writes in one request. Those that need steps of their own, or a look at their base, go alone in their turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from connectors.people import people_in
from connectors.write_turns import Alone, Prepared, Ready, WriteTurns
from sync_engine.errors import AccountError, ItemError, OutcomeUnknown
from sync_engine.model import Kind
from sync_engine.ports import RemoteRef, Write, Written

Looks: TypeAlias = Mapping[str, Answer]
_Prepared: TypeAlias = Prepared[Part, Answer]
_NOT_ALLOWED = "Microsoft 365 does not let this account change this one item; ask its owner, or leave it as it is."


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
        turns = WriteTurns[Part, Answer](
            lambda parts: self._batch.write(parts, place.owner), lambda: self._is_writable(place), _NOT_ALLOWED
        )
        yield from turns.answers(self._prepare(place, write, looks) for write in writes)

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
            return Alone(lambda: self._writing.create(place, item, key))
        plan = self._writing.plan_new(place, item, key)
        if plan.several:
            return Alone(lambda: self._writing.create(place, item, key))
        part = Part("post", self._transport.path(place.items, place.owner), plan.body)
        return Ready(part, lambda answer: self._writing.created(place, answer, key))

    def _change(self, place: Place, write: Write, ref: RemoteRef, looks: Looks) -> _Prepared:
        item, base = write.item, write.base
        if item is None or base is None or not ref.version:
            return Alone(lambda: self._writing.update(place, ref, item, base) if item else None)
        check_kind(place.kind, item)
        plan = to_update(base, item, self._writing.home_zone)
        if not plan:
            return ref
        if ref.id in looks:
            refuse_mail(self._writing.seen(place, looks[ref.id], ref), plan)
        if plan.several:
            return Alone(lambda: self._writing.update(place, ref, item, base))
        part = Part("patch", self._reading.path(place, ref.id), plan.body, {"If-Match": ref.version})
        return Ready(part, lambda answer: self._writing.changed(place, answer, ref.id))

    def _deletion(self, place: Place, ref: RemoteRef, looks: Looks) -> _Prepared:
        if ref.id in looks:
            refuse_cancellation(self._writing.seen(place, looks[ref.id], ref))
        part = Part("delete", self._reading.path(place, ref.id), headers={"If-Match": ref.version})
        return Ready(part, lambda answer: deleted(answer, place))

    def _is_writable(self, place: Place) -> bool:
        """As far as Graph says it: of calendars."""
        if place.kind is not Kind.EVENT:
            return False
        path = self._transport.path(place.folder, place.owner) + "?$select=canEdit"
        answer = self._transport.ask("get", path, owner=place.owner)
        return answer.ok and answer.document.get("canEdit") is True


def _needs_look(place: Place, write: Write) -> bool:
    if place.kind is not Kind.EVENT and (write.item is not None or (write.ref and write.ref.version)):
        return False
    if write.item is None:
        return True
    return write.base is not None and may_be_meeting(place, write.item, write.base)
