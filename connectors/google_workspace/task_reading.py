"""Reading tasks of Google: as a list tells them, and directly by their ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from googleapiclient.http import HttpRequest

from connectors.google_workspace.answers import Answer
from connectors.google_workspace.batch import MOST, Asked, Batch
from connectors.google_workspace.failures import Gone, is_gone, read_failure
from connectors.google_workspace.feeds import pages
from connectors.google_workspace.mapping_tasks import read_task
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from sync_engine.errors import CollectionGone, ItemError, SuspectListing, Unreadable
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed, RemoteRef, Removed

Document: TypeAlias = Mapping[str, Any]
"""A task as JSON."""

_PAGE = 100  # tasks in one answer, the most that Google gives
_RAW = 100_000  # characters of what cannot be read that are kept


class TaskReading:
    """Reads tasks of one user. Those that others assigned in documents stay there: a list does not tell them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._batch = Batch(transport)

    def fetch(self, place: Place, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """One answer for each id. `Removed` only when Google says that it is not there, or deleted."""
        for start in range(0, len(ids), MOST):
            some = ids[start : start + MOST]
            answers = self.answers(place, some)
            yield from (_read(item_id, answer) for item_id, answer in zip(some, answers, strict=True))

    def answers(self, place: Place, ids: Sequence[str]) -> list[Answer]:
        """What Google tells of tasks. Raises CollectionGone when it is their list that is not there."""
        answers = self._batch.read([Asked(self._get(place, one)) for one in ids])
        if any(answer.ok and not answer.document.get("id") for answer in answers):
            raise SuspectListing("Google sent something that is no task; is the account's URL right?")
        if any(is_gone(answer) for answer in answers):
            self.require(place)
        return answers

    def documents(self, place: Place, **asked: Any) -> list[Document]:
        """All tasks of a list, done and hidden ones too. Raises CollectionGone and the errors of a read."""
        tasks = self._transport.tasks.tasks()
        wanted = {"tasklist": place.id, "maxResults": _PAGE, "showCompleted": True, "showHidden": True, **asked}
        found: list[Document] = [
            one
            for page in pages(self._transport, tasks.list(**wanted), tasks.list_next)
            for one in page.records("items")
        ]
        if not all(one.get("id") for one in found):
            raise SuspectListing("Google sent something that is no task; it is read again later.")
        return list({str(one["id"]): one for one in found}.values())

    def require(self, place: Place) -> None:
        """That a list is there. Raises CollectionGone and the errors of a read."""
        try:
            self._transport.ask(self._transport.tasks.tasklists().get(tasklist=place.id))
        except Gone as err:
            message = "The task list is not at Google any more; bind another one."
            raise CollectionGone(message, server_said=err.server_said) from err

    def _get(self, place: Place, item_id: str) -> HttpRequest:
        request: HttpRequest = self._transport.tasks.tasks().get(tasklist=place.id, task=item_id)
        return request


def read(document: Document) -> Changed | Broken:
    """The item that a document is. No key or UID of ours can be hidden on it."""
    ref = reference(document)
    try:
        item = Item.of(with_uid(read_task(document, ref.uid), ref.uid))
    except ItemError as err:
        return Broken(ref, json.dumps(document, ensure_ascii=False)[:_RAW], err)
    return Changed(ref, item)


def reference(document: Document) -> RemoteRef:
    """Of a task as it was told."""
    item_id = str(document.get("id") or "")
    return RemoteRef(item_id, str(document.get("etag") or ""), uid=f"{item_id}@tasks.google.com")


def is_there(answer: Answer) -> bool:
    """Whether a task is in its list: Google shows deleted ones for a while."""
    return answer.ok and not answer.document.get("deleted")


def _read(item_id: str, answer: Answer) -> Changed | Removed | Broken:
    if is_there(answer):
        return read(answer.document)
    if answer.ok or is_gone(answer):
        return Removed(item_id)
    if not answer.is_googles:  # somebody in between says so, and nothing of the task (SYNC.md R01)
        raise read_failure(answer, "tasks.tasks.get")
    message = f"Google does not give this task out (HTTP {answer.status})."
    version = f"status:{answer.status}" if 400 <= answer.status < 500 else ""
    return Broken(RemoteRef(item_id, version), "", Unreadable(message, server_said=answer.words))
