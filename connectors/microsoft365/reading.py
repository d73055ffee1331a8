"""Reading items: many in one request, with all that Graph tells only when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from connectors.microsoft365.answers import Answer
from connectors.microsoft365.batch import MOST, Batch, Part
from connectors.microsoft365.extended import HAS_PICTURE, UID, value_of
from connectors.microsoft365.failures import is_from_another, is_gone, read_failure
from connectors.microsoft365.feed import pages, version_of
from connectors.microsoft365.mapping_contacts import read_contact
from connectors.microsoft365.mapping_series import read_event
from connectors.microsoft365.mapping_tasks import read_task
from connectors.microsoft365.membership import Membership
from connectors.microsoft365.places import Place
from connectors.microsoft365.queries import EXTENSION, READ, REST_OF_EXCEPTIONS
from connectors.microsoft365.transport import Transport
from connectors.photos import photo_of
from sync_engine.errors import ItemError, SuspectListing, Unreadable
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Contact, Kind, Photo, Record
from sync_engine.ports import Broken, Changed, RemoteRef, Removed, Role

_RAW = 100_000  # characters of what cannot be read that are kept
Answered: TypeAlias = Changed | Broken | Removed


class Reading:
    """Reads items of one account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._batch = Batch(transport)
        self._membership = Membership(transport)

    def fetch(self, place: Place, ids: Sequence[str], *, told_there: bool = False) -> Iterator[Answered]:
        """One answer for each id. `Removed` only when the server says that it is not there.

        `told_there`: the collection's feed or list has just told them, so that it need not be asked for its folder.
        """
        for start in range(0, len(ids), MOST):
            some = ids[start : start + MOST]
            answers = dict(zip(some, self._answers(place, some), strict=True))
            documents = [answer.document for answer in answers.values() if answer.ok]
            if not told_there:
                documents = [one for one in documents if self._membership.is_here(place, one)]
            found = {one.ref.id: one for one in self.read_all(place, documents)}
            for item_id, answer in answers.items():
                yield found.get(item_id) or _not_read(item_id, answer)

    def read_all(self, place: Place, documents: Sequence[dict[str, Any]]) -> list[Changed | Broken]:
        """What was listed with all its properties."""
        photos = self._photos(place, documents)
        return [_with_photo(place, one, photos.get(str(one.get("id")))) for one in documents]

    def one(self, place: Place, item_id: str) -> Answered:
        """One item, as `fetch`."""
        return next(self.fetch(place, [item_id]))

    def document(self, place: Place, item_id: str) -> dict[str, Any] | None:
        """An item as Graph shows it, wherever in the mailbox; None where it is not. Raises the errors of a read."""
        (answer,) = self._answers(place, [item_id])
        if is_gone(answer):
            return None
        if not answer.ok:
            raise read_failure(answer, f"GET {place.items}")
        return answer.document

    def _answers(self, place: Place, ids: Sequence[str]) -> list[Answer]:
        answers = self._batch.read([Part("get", self.path(place, one) + READ[place.kind]) for one in ids], place.owner)
        if any(answer.ok and not answer.document.get("id") for answer in answers):
            raise SuspectListing("Microsoft 365 sent something that is no item; is the account's URL right?")
        return [self._whole(place, answer) for answer in answers]

    def _whole(self, place: Place, answer: Answer) -> Answer:
        """A series with all its exceptions: OData lets a server cut a list that is told with an item."""
        link = answer.document.get(REST_OF_EXCEPTIONS) if answer.ok else None
        if not link:
            return answer
        rest = pages(self._transport, self._transport.stored(str(link)), place.owner)
        told = [*(answer.document.get("exceptionOccurrences") or ()), *(one for page in rest for one in page)]
        document = {name: value for name, value in answer.document.items() if name != REST_OF_EXCEPTIONS}
        return replace(answer, json=document | {"exceptionOccurrences": told})

    def path(self, place: Place, item_id: str) -> str:
        """The path of an item, below the version."""
        return self._transport.path(place.item(item_id), place.owner)

    def _photos(self, place: Place, documents: Sequence[Mapping[str, Any]]) -> dict[str, Answer]:
        """Of those contacts that say they have one, so that a first listing does not ask for thousands.

        A photo that changes does not always show in the feed (G20): it comes with the contact's next change, or when
        all is listed.
        """
        if place.kind is not Kind.CONTACT:
            return {}
        ids = [str(one["id"]) for one in documents if value_of(one, HAS_PICTURE).lower() == "true"]
        answers = self._batch.read([Part("get", f"{self.path(place, one)}/photo/$value") for one in ids], place.owner)
        return dict(zip(ids, answers, strict=True))


def _not_read(item_id: str, answer: Answer) -> Removed | Broken:
    """Of an item that did not come, or that is elsewhere."""
    if answer.ok and answer.document.get("id") != item_id:
        message = "Microsoft 365 answered with another item than it was asked for."
        return Broken(RemoteRef(item_id, "status:other"), json.dumps(answer.document)[:_RAW], Unreadable(message))
    return Removed(item_id) if answer.ok or is_gone(answer) else _refused(item_id, answer)


def _refused(item_id: str, answer: Answer) -> Broken:
    """One that the server does not give out holds up no other; where the server failed it is read again soon."""
    message = f"Microsoft 365 does not give this item out (HTTP {answer.status})."
    version = f"status:{answer.status}" if 400 <= answer.status < 500 else ""
    return Broken(RemoteRef(item_id, version), "", Unreadable(message, server_said=answer.words))


def _with_photo(place: Place, document: Mapping[str, Any], photo: Answer | None) -> Changed | Broken:
    """A photo that could not be read must not look deleted: nothing of the contact is taken in then."""
    if photo is None or is_gone(photo):
        return read(place, document)
    if not photo.ok or not photo.content.strip() or is_from_another(photo):
        return _refused(str(document["id"]), photo)
    return read(place, document, photo_of(photo.content))


def read(place: Place, document: Mapping[str, Any], photo: Photo | None = None) -> Changed | Broken:
    """The item that a document is."""
    ref = RemoteRef(str(document["id"]), version_of(document))
    role = role_of(place.kind, document)
    try:
        item = Item.of(record_of(place.kind, document, photo))
    except ItemError as err:
        return Broken(ref, json.dumps(document, ensure_ascii=False)[:_RAW], err)
    return Changed(ref, item, hidden_uid(document), role)


def written(place: Place, item_id: str, document: Mapping[str, Any]) -> RemoteRef:
    """The reference of what was written, by the answer, which shows it."""
    found = str(document.get("id") or item_id)
    uid = str(document.get("iCalUId") or "") if place.kind is Kind.EVENT else own_uid(found)
    role = role_of(place.kind, document) if document else None
    return RemoteRef(found, version_of(document), uid=uid, role=role)


def record_of(kind: Kind, document: Mapping[str, Any], photo: Photo | None = None) -> Record:
    """The record under the UID that Graph itself gives. Raises `Unreadable`."""
    if kind is Kind.EVENT:
        return read_event(document, document.get("exceptionOccurrences") or (), str(document.get("iCalUId") or ""))
    uid = own_uid(str(document["id"]))
    if kind is Kind.TASK:
        return with_uid(read_task(document, uid), uid)
    contact: Contact = with_uid(read_contact(document, uid), uid)
    return replace(contact, photo=photo)


def own_uid(item_id: str) -> str:
    """The UID of a contact or task, for which Graph has none."""
    return f"{item_id}@graph.microsoft.com"


def hidden_uid(document: Mapping[str, Any]) -> str:
    """The UID under which the hub made it; "" for what others made."""
    return value_of(document, UID) or str(extension_of(document).get("uid") or "")


def extension_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Our open extension of a task."""
    found = document.get("extensions") or ()
    return next((one for one in found if str(one.get("id", "")).endswith(EXTENSION)), {})


def role_of(kind: Kind, document: Mapping[str, Any]) -> Role:
    """What the mailbox is in a meeting."""
    if kind is not Kind.EVENT:
        return Role.NONE
    if document.get("isOrganizer") is False:
        return Role.GUEST
    return Role.ORGANIZER if document.get("attendees") else Role.NONE
