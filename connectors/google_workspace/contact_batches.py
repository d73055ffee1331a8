"""Many writes of contacts in few requests: one for all new ones, one for all that go, one for each set of fields.

One bad contact makes Google refuse all of a request: then each goes alone, and only the bad one is refused (R09).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from connectors.google_workspace.contact_person import KEY, READ_CONTACTS, Person, hidden
from connectors.google_workspace.contact_plans import refuse_others
from connectors.google_workspace.contact_reading import Reading
from connectors.google_workspace.contact_turns import Turns
from connectors.google_workspace.contact_writing import First, Full, Writing
from connectors.google_workspace.failures import Gone
from connectors.google_workspace.mapping_contacts import PERSON_FIELDS
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from connectors.outcomes import in_order
from sync_engine.errors import AccountError, ItemError, OutcomeUnknown, Rejected, VersionConflict
from sync_engine.ports import Write, Written

_NOT_FOUND, _PRECONDITION, _ABORTED = 5, 9, 10  # google.rpc.Code
Sent: TypeAlias = Mapping[int, "Person | ItemError | OutcomeUnknown | None"]


@dataclass
class _Batch:
    """The writes of one call, and what came of them, by their place in it."""

    place: Place
    done: dict[int, Written] = field(default_factory=dict)
    firsts: dict[int, First] = field(default_factory=dict)
    stopped: AccountError | None = None

    def told(self, n: int) -> Written | AccountError:
        """Of one write; why it was not sent."""
        return self.done.get(n, self.stopped)


class BatchWriting:
    """Answers `BatchWrites.write`."""

    def __init__(self, transport: Transport, turns: Turns, reading: Reading, writing: Writing) -> None:
        self._transport = transport
        self._turns = turns
        self._reading = reading
        self._writing = writing

    def write(self, place: Place, writes: Sequence[Write]) -> Iterator[Written]:
        """One answer for each write, in their order."""
        batch = _Batch(place)
        try:
            refuse_others(place)
            self._prepare(batch, writes)
            for group in _groups(batch.firsts):
                self._conclude(batch, self._sent({n: batch.firsts[n] for n in group}))
        except AccountError as err:
            batch.stopped = err
        except Rejected as err:
            batch.done = dict.fromkeys(range(len(writes)), err)
        yield from in_order([batch.told(n) for n in range(len(writes))])

    def _prepare(self, batch: _Batch, writes: Sequence[Write]) -> None:
        ids = {n: write.ref.id for n, write in enumerate(writes) if write.ref and self._needs_look(write)}
        looked = self._reading.people(list(dict.fromkeys(ids.values())))
        for n, write in enumerate(writes):
            try:
                first = self._writing.first(batch.place, write, looked)
            except Gone as err:
                batch.done[n] = None if write.item is None else err
            except ItemError as err:
                batch.done[n] = err
            else:
                (batch.firsts if isinstance(first, First) else batch.done)[n] = first  # type: ignore[assignment]

    def _needs_look(self, write: Write) -> bool:
        try:
            return self._writing.needs_look(write)
        except ItemError:  # it is told when it is prepared
            return True

    def _conclude(self, batch: _Batch, sent: Sent) -> None:
        for n, answer in sent.items():
            if isinstance(answer, ItemError | OutcomeUnknown):
                batch.done[n] = answer
            else:
                self._follow(batch, n, answer)

    def _follow(self, batch: _Batch, n: int, person: Person | None) -> None:
        """The steps after the first request; a contact whose picture is refused is written all the same."""
        try:
            batch.done[n] = self._writing.concluded(batch.place, batch.firsts[n], person)
        except (ItemError, OutcomeUnknown) as err:
            batch.done[n] = err

    # ------------------------------------------------------------ the requests

    def _sent(self, firsts: Mapping[int, First]) -> Sent:
        """The answers. Raises AccountErrors when none of these was sent."""
        if len(firsts) == 1:
            return self._one_by_one(firsts)
        one = next(iter(firsts.values()))
        send = self._deletions if not one.body else self._changes if one.name else self._creations
        try:
            return send(firsts)
        except OutcomeUnknown as err:
            return dict.fromkeys(firsts, err)
        except ItemError:
            return self._one_by_one(firsts)

    def _one_by_one(self, firsts: Mapping[int, First]) -> Sent:
        found: dict[int, Person | ItemError | OutcomeUnknown | None] = {}
        for n, first in firsts.items():
            try:
                found[n] = self._writing.send(first)
            except Full as err:
                return found | dict.fromkeys(firsts.keys() - found.keys(), err)
            except (ItemError, OutcomeUnknown) as err:
                found[n] = err
            except AccountError as err:
                if not found:
                    raise
                message = f"It was not done for now, and is looked at again: {err}"
                return found | dict.fromkeys(firsts.keys() - found.keys(), OutcomeUnknown(message))
        return found

    def _creations(self, firsts: Mapping[int, First]) -> Sent:
        body = {"contacts": [{"contactPerson": first.body} for first in firsts.values()], **_READ}
        answer = self._turns.ask(self._transport.people.people().batchCreateContacts(body=body))
        made = [_told(one) for one in answer.get("createdPeople") or ()]
        by_key = {hidden(one, KEY): one for one in made if not isinstance(one, ItemError | OutcomeUnknown)}
        return {n: by_key.get(first.key, _NOT_TOLD) for n, first in firsts.items()}

    def _changes(self, firsts: Mapping[int, First]) -> Sent:
        mask = next(iter(firsts.values())).mask
        contacts = {first.name: first.body for first in firsts.values()}
        body = {"contacts": contacts, "updateMask": mask, **_READ}
        answer = self._turns.ask(self._transport.people.people().batchUpdateContacts(body=body))
        told = answer.get("updateResult") or {}
        return {n: _told(told[one.name]) if one.name in told else _NOT_TOLD for n, one in firsts.items()}

    def _deletions(self, firsts: Mapping[int, First]) -> Sent:
        body = {"resourceNames": [first.name for first in firsts.values()]}
        self._turns.ask(self._transport.people.people().batchDeleteContacts(body=body))
        return dict.fromkeys(firsts)


_READ: dict[str, Any] = {"readMask": PERSON_FIELDS, "sources": READ_CONTACTS}
_NOT_TOLD = OutcomeUnknown("Google did not say what it wrote; it is checked by a read.")


def _groups(firsts: Mapping[int, First]) -> list[list[int]]:
    """Those that one request can carry: it has one mask of fields for all."""
    found: dict[tuple[bool, bool, str], list[int]] = {}
    for n, first in firsts.items():
        found.setdefault((not first.body, not first.name, first.mask), []).append(n)
    return list(found.values())


def _told(response: Mapping[str, Any]) -> Person | ItemError | OutcomeUnknown:
    """Of one person in the answer to a batch."""
    status = response.get("status") or {}
    code, said = int(status.get("code") or 0), str(status.get("message") or "")
    if not code:
        person: Person = response.get("person") or {}
        return person or _NOT_TOLD
    if code == _NOT_FOUND:
        return Gone("The contact is not at Google any more.", server_said=said)
    if code in (_PRECONDITION, _ABORTED):
        return VersionConflict("The contact was changed at Google.", server_said=said)
    return Rejected("Google refuses this contact.", server_said=said)
