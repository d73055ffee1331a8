"""Conditional writes (RFC 9110 13.1, RFC 4791 5.3.2, RFC 6352 6.3.2). None is ever repeated blindly."""

from __future__ import annotations

from collections.abc import Callable

from connectors.dav.failures import Answer, write_failure
from connectors.dav.hrefs import resource_names
from connectors.dav.questions import Questions, Refused
from connectors.dav.quirks import is_sogo
from connectors.dav.reading import Reading, made
from connectors.dav.versions import content_version, is_tag, normal_text, strong_tag
from connectors.dav.xml_bodies import ADDRESS_BOOK, CALENDAR, ETAG, Flavour, card_query, event_query
from connectors.dav.zones_said import text_with_zones
from sync_engine.errors import CollectionGone, OutcomeUnknown, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Broken, Changed, RemoteRef, Removed

LOST_ANSWERS = 3  # of one write to SOGo that are settled here
_COMPONENTS = {Kind.EVENT: "VEVENT", Kind.TASK: "VTODO"}


class Writing:
    """Writes items of one account."""

    def __init__(self, questions: Questions, reading: Reading) -> None:
        self._questions = questions
        self._reading = reading

    # ------------------------------------------------------------ create

    def create(self, collection: str, item: Item) -> RemoteRef:
        """Put under a name made from the UID, if nothing stands there. Raises VersionConflict."""
        names = resource_names(item.uid, contact=item.kind is Kind.CONTACT)
        for name in names[:-1]:
            try:
                return self._create(collection + name, item, collection)
            except VersionConflict:
                if not self._holds_another(collection + name, item):
                    raise
        return self._create(collection + names[-1], item, collection)

    def _create(self, remote_id: str, item: Item, collection: str) -> RemoteRef:
        return self._insisted(remote_id, item, lambda: self._created(remote_id, item, collection))

    def _insisted(self, remote_id: str, item: Item, write: Callable[[], RemoteRef]) -> RemoteRef:
        """Settle a write to SOGo whose answer was lost by a read, then make it if it was not done (SYNC.md R06)."""
        for _ in range(LOST_ANSWERS):
            try:
                return write()
            except OutcomeUnknown:
                if not is_sogo(remote_id):
                    raise
                found = self._reading.get(remote_id, _flavour(item))
                if isinstance(found, Changed) and found.item.record == item.record:
                    return found.ref
        return write()

    def _created(self, remote_id: str, item: Item, collection: str) -> RemoteRef:
        if is_sogo(remote_id) and not isinstance(self._reading.get(remote_id, _flavour(item)), Removed):
            raise VersionConflict(f"An item stands at {remote_id} already.")
        answer = self._put(remote_id, item, {"If-None-Match": "*"})
        if answer.status in {404, 410}:
            raise CollectionGone(f"The collection {collection} does not exist at the server; bind another one.")
        place = answer.headers.get("Location", "") if answer.status == 201 else ""  # the server chose another name
        return self._written(self._questions.id_of(place, remote_id) if place else remote_id, answer)

    def _holds_another(self, remote_id: str, item: Item) -> bool:
        """Does an item with another UID have the name that this one would get?"""
        found = self._reading.get(remote_id, _flavour(item))
        return isinstance(found, Changed) and found.item.uid != item.uid

    def find(self, collection: str, item: Item) -> Changed | Broken | None:
        """The item with this UID: at the names `create` uses, else wherever the server says that it is."""
        for name in resource_names(item.uid, contact=item.kind is Kind.CONTACT):
            found = self._reading.get(collection + name, _flavour(item))
            if isinstance(found, Broken) or (isinstance(found, Changed) and found.item.uid == item.uid):
                return found
        return self._find_by_uid(collection, item)

    def _find_by_uid(self, collection: str, item: Item) -> Changed | Broken | None:
        flavour = _flavour(item)
        query = card_query(item.uid) if flavour is ADDRESS_BOOK else event_query(_COMPONENTS[item.kind], item.uid)
        try:
            answer = self._questions.report(collection, query, depth=1)
        except Refused:
            return None
        for resource in answer.resources:
            remote_id, text = self._questions.member(collection, resource.href), resource.text(flavour.data)
            if remote_id and text.strip():
                found = made(remote_id, strong_tag(resource.text(ETAG)), normal_text(text), flavour)
                if isinstance(found, Changed) and found.item.uid == item.uid:
                    return found
        return None

    # ------------------------------------------------------------ update and delete

    def update(self, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """Put if it is still the same. Raises VersionConflict, also when it is gone."""
        return self._insisted(ref.id, item, lambda: self._updated(ref, item, base))

    def _updated(self, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        tag = self._condition(ref, lambda: _flavour(item), base)
        return self._written(ref.id, self._put(ref.id, item, {"If-Match": tag} if tag else {}))

    def delete(self, ref: RemoteRef, flavour: Callable[[], Flavour]) -> None:
        """Delete if it is still the same; already gone is fine. Raises VersionConflict."""
        for _ in range(LOST_ANSWERS):
            try:
                return self._deleted(ref, flavour)
            except OutcomeUnknown:
                if not is_sogo(ref.id):
                    raise
        return self._deleted(ref, flavour)

    def _deleted(self, ref: RemoteRef, flavour: Callable[[], Flavour]) -> None:
        try:
            tag = self._condition(ref, flavour, None)
        except _Gone:
            return
        url, condition = self._questions.url(ref.id), {"If-Match": tag} if tag else {}
        answer = self._questions.transport.request("DELETE", url, headers=condition)
        if not answer.ok and answer.status not in {404, 410}:
            raise write_failure(answer, f"DELETE {ref.id}")

    def _condition(self, ref: RemoteRef, flavour: Callable[[], Flavour], base: Item | None) -> str:
        """What to send in ``If-Match``; "" when only a look could tell, and it told that nothing changed."""
        if is_tag(ref.version) and not is_sogo(ref.id):
            return ref.version
        return self._compared(ref, flavour(), base)

    def _compared(self, ref: RemoteRef, flavour: Flavour, base: Item | None) -> str:
        """Without a version that the server could check, look first: the text must be what the hub knows.

        Returns the strong tag of what was found, or "". Raises VersionConflict.
        """
        found = self._reading.get(ref.id, flavour)
        if isinstance(found, Removed):
            raise _Gone(f"The item {ref.id} is not at the server any more.")
        same = isinstance(found, Changed) and _same(found, ref, base)
        if not same:
            raise VersionConflict(f"The item {ref.id} has no version the server can check, and is not what it was.")
        return found.ref.version if is_tag(found.ref.version) else ""

    # ------------------------------------------------------------ requests

    def _put(self, remote_id: str, item: Item, condition: dict[str, str]) -> Answer:
        try:
            body = text_with_zones(item).encode()
        except UnicodeEncodeError as err:
            raise Rejected("The item holds characters that cannot be sent (lone surrogates).") from err
        headers = {"Content-Type": _flavour(item).content_type, **condition}
        return self._questions.transport.request("PUT", self._questions.url(remote_id), body, headers)

    @staticmethod
    def _written(remote_id: str, answer: Answer) -> RemoteRef:
        if not answer.ok:
            raise write_failure(answer, f"PUT {remote_id}")
        return RemoteRef(remote_id, strong_tag(answer.headers.get("ETag")))


class _Gone(VersionConflict):
    """Not there any more: a conflict for an update, fine for a delete."""


def _flavour(item: Item) -> Flavour:
    return ADDRESS_BOOK if item.kind is Kind.CONTACT else CALENDAR


def _same(found: Changed, ref: RemoteRef, base: Item | None) -> bool:
    if is_tag(ref.version):
        return found.ref.version == ref.version
    if ref.version:
        return content_version(found.item.text) == ref.version
    return base is not None and found.item.record == base.record
