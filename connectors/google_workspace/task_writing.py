"""Writes of tasks: one by one, or many in one request.

A condition is sent with each write, and what stands there is looked at before: it is not told whether Google heeds the
condition. A task with others below it takes these along when it is deleted: they are moved out first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from googleapiclient.http import HttpRequest

from connectors.google_workspace.answers import Answer
from connectors.google_workspace.batch import Asked, Batch
from connectors.google_workspace.failures import Gone, is_gone, write_failure
from connectors.google_workspace.mapping_tasks import new_task, task_patch
from connectors.google_workspace.places import Place
from connectors.google_workspace.task_reading import Document, TaskReading, is_there, read, reference
from connectors.google_workspace.transport import Transport
from sync_engine.errors import AccountError, CollectionGone, ItemError, OutcomeUnknown, Rejected, VersionConflict
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Kind, Task
from sync_engine.ports import Changed, RemoteRef, Write, Written

_REMEMBERED = 5000  # keys
Told: TypeAlias = Written | AccountError


@dataclass(frozen=True, slots=True)
class _Ready:
    """One request, and what its answer means."""

    asked: Asked
    judge: Callable[[Answer], RemoteRef | None]


class TaskWriting:
    """Writes tasks of one user."""

    def __init__(self, transport: Transport, reading: TaskReading) -> None:
        self._transport = transport
        self._reading = reading
        self._batch = Batch(transport)
        self._made: dict[str, str] = {}  # id by key: of what this process made

    def write(self, place: Place, writes: Sequence[Write]) -> list[Told]:
        """What came of each, in their order; an error of the account for those that were not sent."""
        looked = self._looked(place, writes)
        told: dict[int, Told] = {}
        ready: dict[int, _Ready] = {}
        for n, write in enumerate(writes):
            try:
                found = self._prepared(place, write, looked)
            except ItemError as err:
                told[n] = None if write.item is None and isinstance(err, Gone) else err
            else:
                (ready if isinstance(found, _Ready) else told)[n] = found  # type: ignore[assignment]
        if ready:
            told |= self._sent(ready)
        return [told[n] for n in range(len(writes))]

    def made(self, key: str) -> str:
        """The id of what this process made with a key; "" where it made nothing."""
        return self._made.get(key, "")

    def remember(self, key: str, item_id: str) -> None:
        """It was made with this key."""
        self._made[key] = item_id
        while len(self._made) > _REMEMBERED:
            self._made.pop(next(iter(self._made)))

    def all_made(self) -> frozenset[str]:
        """The ids of all that this process made, and remembers."""
        return frozenset(self._made.values())

    def forget(self, key: str) -> None:
        """It is not there any more."""
        self._made.pop(key, None)

    # ------------------------------------------------------------ before

    def _looked(self, place: Place, writes: Sequence[Write]) -> Mapping[str, Answer]:
        ids = list(dict.fromkeys(write.ref.id for write in writes if write.ref and _needs_look(write)))
        looked = dict(zip(ids, self._reading.answers(place, ids), strict=True)) if ids else {}
        going = {ref.id for ref in refs_of_deletions(writes) if ref.version and _is_known(ref, looked[ref.id])}
        if going:
            self._move_out(place, going)
        return looked

    def _move_out(self, place: Place, going: set[str]) -> None:
        """Tasks below those that go stay."""
        below = self._reading.documents(place, fields="items(id,parent),nextPageToken,kind")
        for one in below:
            if one.get("parent") in going and one["id"] not in going:
                self._transport.ask(self._tasks.move(tasklist=place.id, task=one["id"]))

    def _prepared(self, place: Place, write: Write, looked: Mapping[str, Answer]) -> _Ready | RemoteRef | None:
        """What is to be sent; or what came of it without. Raises VersionConflict, Rejected."""
        if write.ref is None:
            return self._creation(place, write.item, write.key) if write.item else None
        if write.ref.id not in looked:
            return write.ref
        there = _as_known(write.ref, looked[write.ref.id])
        if write.item is None:
            return self._deletion(place, write.ref)
        return self._change(place, write, write.item, there)

    def _creation(self, place: Place, item: Item, key: str) -> _Ready | RemoteRef:
        if self.made(key):
            return RemoteRef(self.made(key))
        request: HttpRequest = self._tasks.insert(tasklist=place.id, body=new_task(task_in(item)))
        return _Ready(Asked(request), lambda answer: self._created(answer, key))

    def _change(self, place: Place, write: Write, item: Item, there: Document) -> _Ready | RemoteRef:
        base = write.base
        if base is None or not (write.ref and write.ref.version):
            base = _base(there, base)
        body = task_patch(task_in(base), task_in(item))
        if not body:
            return reference(there)
        request: HttpRequest = self._tasks.patch(tasklist=place.id, task=there["id"], body=body)
        return _Ready(Asked(request, str(there.get("etag") or "")), _written)

    def _deletion(self, place: Place, ref: RemoteRef) -> _Ready:
        if not ref.version:
            raise VersionConflict("It is not known in which state the task was to be deleted.")
        request: HttpRequest = self._tasks.delete(tasklist=place.id, task=ref.id)
        return _Ready(Asked(request, ref.version), _deleted)

    # ------------------------------------------------------------ the requests

    def _sent(self, ready: Mapping[int, _Ready]) -> dict[int, Told]:
        try:
            answers = self._batch.write([one.asked for one in ready.values()])
        except AccountError as err:
            return dict.fromkeys(ready, err)
        return {n: _judged(one, answer) for (n, one), answer in zip(ready.items(), answers, strict=True)}

    def _created(self, answer: Answer, key: str) -> RemoteRef:
        if is_gone(answer):
            message = "The task list is not at Google any more; bind another one."
            raise CollectionGone(message, server_said=answer.words)
        ref = _written(answer)
        self.remember(key, ref.id)
        return ref

    @property
    def _tasks(self) -> Any:
        return self._transport.tasks.tasks()


def task_in(item: Item) -> Task:
    """Its record. Raises `Rejected`."""
    if item.kind is not Kind.TASK:
        raise Rejected(f"Google's task lists take no {item.kind}; bind a collection that does.")
    return cast(Task, item.record)


def _needs_look(write: Write) -> bool:
    """Whether what stands there must be looked at: not where nothing is to be sent."""
    if write.item is None or write.base is None or not (write.ref and write.ref.version):
        return True
    try:
        return bool(task_patch(task_in(write.base), task_in(write.item)))
    except ItemError:  # it is told when it is prepared
        return True


def refs_of_deletions(writes: Sequence[Write]) -> list[RemoteRef]:
    """Of what is to be deleted."""
    return [write.ref for write in writes if write.ref and write.item is None]


def _is_known(ref: RemoteRef, answer: Answer) -> bool:
    return is_there(answer) and answer.document.get("etag") == ref.version


def _as_known(ref: RemoteRef, answer: Answer) -> Document:
    """What stands there, if it is what the hub knows. Raises Gone, VersionConflict."""
    if not is_there(answer):
        if answer.ok or is_gone(answer):
            raise Gone("The task is not at Google any more.")
        raise VersionConflict("What stands at Google cannot be read.", server_said=answer.words)
    if ref.version and answer.document.get("etag") != ref.version:
        raise VersionConflict("The task was changed at Google.")
    return answer.document


def _base(there: Document, base: Item | None) -> Item:
    """What stands there, where only a look can tell."""
    found = read(there)
    if not isinstance(found, Changed):
        raise VersionConflict("What stands at Google cannot be read.")
    if base is not None and with_uid(found.item.record, base.uid) != base.record:
        raise VersionConflict("The task was changed at Google.")
    return found.item


def _written(answer: Answer) -> RemoteRef:
    if not answer.ok:
        raise write_failure(answer, "a task")
    if not answer.document.get("id"):
        raise OutcomeUnknown("Google did not say what it wrote; it is checked by a read.")
    return reference(answer.document)


def _deleted(answer: Answer) -> None:
    if not (answer.ok or is_gone(answer)):
        raise write_failure(answer, "the deletion of a task")


def _judged(ready: _Ready, answer: Answer) -> Told:
    try:
        return ready.judge(answer)
    except (ItemError, AccountError) as err:
        return err
