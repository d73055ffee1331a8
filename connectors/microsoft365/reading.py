"""Reading items: many in one request, with all that Graph tells only when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from connectors.microsoft.photos import photo_of
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.batch import MOST, Batch, Part
from connectors.microsoft365.extended import HAS_PICTURE, UID, value_of
from connectors.microsoft365.failures import is_gone, read_failure
from connectors.microsoft365.feed import version_of
from connectors.microsoft365.mapping_contacts import read_contact
from connectors.microsoft365.mapping_series import read_event
from connectors.microsoft365.mapping_tasks import read_task
from connectors.microsoft365.membership import Membership
from connectors.microsoft365.places import Place
from connectors.microsoft365.queries import EXTENSION, READ
from connectors.microsoft365.transport import Transport
from sync_engine.errors import ItemError, SuspectListing
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Contact, Kind, Photo, Record
from sync_engine.ports import Broken, Changed, RemoteRef, Removed, Role

TOGETHER = 5 * MOST
"""Items that are read between two pages."""
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
            documents = self.documents(place, some)
            if not told_there:
                documents = {item_id: self._if_here(place, one) for item_id, one in documents.items()}
            photos = self._photos(place, [one for one in documents.values() if one is not None])
            for item_id in some:
                document = documents[item_id]
                yield Removed(item_id) if document is None else read(place, document, photos.get(item_id))

    def _if_here(self, place: Place, document: dict[str, Any] | None) -> dict[str, Any] | None:
        return document if document is not None and self._membership.is_here(place, document) else None

    def read_all(self, place: Place, documents: Sequence[dict[str, Any]]) -> list[Answered]:
        """What was listed with all its properties."""
        photos = self._photos(place, documents)
        return [read(place, one, photos.get(str(one.get("id")))) for one in documents]

    def one(self, place: Place, item_id: str) -> Answered:
        """One item, as `fetch`."""
        return next(self.fetch(place, [item_id]))

    def documents(self, place: Place, ids: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        """The items as Graph shows them, by id, wherever in the mailbox; None for what is not there."""
        parts = [Part("get", self.path(place, item_id) + READ[place.kind]) for item_id in ids]
        answers = self._batch.read(parts, place.owner)
        return {item_id: _document(place, answer) for item_id, answer in zip(ids, answers, strict=True)}

    def path(self, place: Place, item_id: str) -> str:
        """The path of an item, below the version."""
        return self._transport.path(place.item(item_id), place.owner)

    def _photos(self, place: Place, documents: Sequence[Mapping[str, Any]]) -> dict[str, Photo | None]:
        """Of those contacts that say they have one, so that a first listing does not ask for thousands.

        A photo that changes does not always show in the feed (G20): it comes with the contact's next change, or when
        all is listed.
        """
        if place.kind is not Kind.CONTACT:
            return {}
        ids = [str(one["id"]) for one in documents if value_of(one, HAS_PICTURE).lower() == "true"]
        answers = self._batch.read([Part("get", f"{self.path(place, one)}/photo/$value") for one in ids], place.owner)
        return {item_id: _photo(answer) for item_id, answer in zip(ids, answers, strict=True)}


def _photo(answer: Answer) -> Photo | None:
    """None only on the server's word: a photo that could not be read must not look deleted."""
    if not answer.ok and not is_gone(answer):
        raise read_failure(answer, "the photo of a contact")
    return photo_of(answer.content) if answer.ok and answer.content else None


def _document(place: Place, answer: Answer) -> dict[str, Any] | None:
    if is_gone(answer):
        return None
    if not answer.ok:
        raise read_failure(answer, f"GET {place.items}")
    if not answer.document.get("id"):
        raise SuspectListing("Microsoft 365 sent something that is no item; is the account's URL right?")
    return answer.document


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
