"""exchangelib's services, each asked for exactly one request, and none repeated by the library.

What differs from the library: no own waits and repeats (`transport` has one layer for all), no guessing of versions,
and whatever a batch says of one item is that item's answer, an exception object in the list (E18): by itself the
library would raise it and lose the answers of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exchangelib import services
from exchangelib.errors import MalformedResponseError, ResponseMessageError
from exchangelib.fields import FieldPath
from exchangelib.properties import DistinguishedFolderId, FolderId, ParentItemId
from exchangelib.services.common import EWSService
from exchangelib.util import MNS, TNS, DummyResponse

from connectors.exchange.mapping_updates import SparseUpdate

_WHOLE = re.compile(rb"</(?:[\w.-]+:)?Envelope\s*>\s*\Z")
MOST = 100_000  # items of one call: never cut into several requests here


class OneRequest(EWSService):  # type: ignore[misc]
    """One request, one answer."""

    CHUNK_SIZE = MOST
    PAGE_SIZE = 1000

    def _get_elements(self, payload: Any) -> Iterator[Any]:
        yield from self._response_generator(payload=payload)

    def _api_versions_to_try(self) -> tuple[str, ...]:
        return (self._version_hint.api_version,)

    def _get_soap_parts(self, response: Any) -> Any:
        """Only of answers that are whole: the library's parser forgives everything, a missing end too (SYNC.md R01).

        In one piece, where the library takes single octets.
        """
        if not _WHOLE.search(response.content[-100:]):
            raise MalformedResponseError("The answer is cut off, or no answer of EWS.")
        return super()._get_soap_parts(DummyResponse(content=response.content))

    def _extra_headers(self) -> dict[str, str]:
        """Without the address that stands in for one that is not known."""
        headers: dict[str, str] = super()._extra_headers()
        if headers.get("X-AnchorMailbox", "").endswith("@unknown.invalid"):
            del headers["X-AnchorMailbox"]
        return headers


class EachItsAnswer(OneRequest):
    """Refusals of single items are answers."""

    ERRORS_TO_CATCH_IN_RESPONSE = (ResponseMessageError,)


def each(asked: Sequence[Any], answers: Iterable[Any]) -> list[Any]:
    """One answer for each; anything else proves nothing of any of them (SYNC.md R01, R06)."""
    found = list(answers)
    if len(found) != len(asked):
        raise MalformedResponseError(f"There are {len(found)} answers to {len(asked)} questions.")
    return found


# ---------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Told:
    """One line of SyncFolderItems."""

    verb: str  # Create, Update, Delete, ReadFlagChange
    id: str
    version: str = ""
    sort: str = ""  # the item's tag: Contact, DistributionList, CalendarItem, Task; "" of Delete


class SyncItems(OneRequest, services.SyncFolderItems):  # type: ignore[misc]
    """One page of a folder's changes; afterwards `sync_state` and `includes_last_item_in_range` are its."""

    def page(self, folder: FolderId, state: str, most: int) -> list[Told]:
        """Ids and change keys alone."""
        return self.lines(folder, state, most)

    def lines(self, folder: FolderId, state: str, most: int, fields: Any = None) -> list[Any]:
        """What `_elem_to_obj` makes of each line; `fields`: more than ids."""
        found = self.call(
            folder=folder,
            shape="IdOnly",
            additional_fields=fields,
            sync_state=state or None,
            ignore=None,
            max_changes_returned=most,
            sync_scope=None,
        )
        return list(found)

    def _get_element_container(self, message: Any, name: str | None = None) -> Any:
        """An error that lacks SyncState is told as what it is (E3); the library would trip over it."""
        missing = message.find(f"{{{MNS}}}SyncState") is None or message.find(self.last_in_range_name) is None
        if missing and message.get("ResponseClass") != "Success":
            return EWSService._get_element_container(self, message, name)
        return super()._get_element_container(message=message, name=name)

    def _elem_to_obj(self, elem: Any) -> Told:
        """Also of kinds of items that the library does not know."""
        key = elem.find(f".//{{{TNS}}}ItemId")
        sort = "" if elem[0] is key else elem[0].tag.partition("}")[2]
        return Told(elem.tag.partition("}")[2], key.get("Id"), key.get("ChangeKey") or "", sort)


class GetItems(EachItsAnswer, services.GetItem):  # type: ignore[misc]
    """Items by their ids."""

    def read(self, ids: Sequence[Any], fields: Sequence[FieldPath]) -> list[Any]:
        """Items or exceptions, in the order of the ids."""
        return each(ids, self.call(items=ids, additional_fields=list(fields) or None, shape="IdOnly"))


class FindItems(EachItsAnswer, services.FindItem):  # type: ignore[misc]
    """Items by what they hold."""

    def matching(self, folder: FolderId, restriction: Any, fields: Sequence[FieldPath]) -> list[Any]:
        """The first thousand. Raises what the server says instead."""
        found = self.call(
            folders=[folder],
            additional_fields=list(fields),
            restriction=restriction,
            order_fields=None,
            shape="IdOnly",
            query_string=None,
            depth="Shallow",
            calendar_view=None,
            max_items=self.PAGE_SIZE,
            offset=0,
        )
        return [_or_raise(one) for one in found]


class FindAddresses(EachItsAnswer, services.ResolveNames):  # type: ignore[misc]
    """Addresses of people by their names; asked of the server, not of a mailbox."""

    CHUNK_SIZE = 100  # the most that Exchange finds

    def of(self, name: str) -> list[str]:
        """All that fit."""
        found = self.call(
            unresolved_entries=[name],
            parent_folders=None,
            return_full_contact_data=False,
            search_scope="ActiveDirectory",
            contact_data_shape=None,
        )
        return [one.email_address for one in found if getattr(one, "email_address", None)]


def _or_raise(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


@dataclass(frozen=True, slots=True)
class FolderSeen:
    """A folder, as a server tells of it."""

    id: str
    parent: str
    name: str
    folder_class: str  # IPF.Contact, IPF.Appointment, IPF.Task, and what begins so
    writable: bool = True


def folder_seen(elem: Any) -> FolderSeen:
    """What an element of an answer says."""

    def text(name: str) -> str:
        return elem.findtext(f"{{{TNS}}}{name}") or ""

    rights = elem.find(f"{{{TNS}}}EffectiveRights")
    may = None if rights is None else rights.findtext(f"{{{TNS}}}CreateContents")
    parent = elem.find(f"{{{TNS}}}ParentFolderId")
    return FolderSeen(
        elem.find(f"{{{TNS}}}FolderId").get("Id"),
        "" if parent is None else parent.get("Id"),
        text("DisplayName"),
        text("FolderClass"),
        may != "false",
    )


class GetFolders(EachItsAnswer, services.GetFolder):  # type: ignore[misc]
    """Folders by their ids or well-known names."""

    def read(self, ids: Sequence[FolderId], fields: Sequence[FieldPath]) -> list[Any]:
        """Folders or exceptions, in the order of the ids."""
        return each(ids, self.call(folders=ids, additional_fields=list(fields), shape="IdOnly"))

    def _elems_to_objs(self, elems: Any) -> Iterator[Any]:
        return (elem if isinstance(elem, Exception) else folder_seen(elem) for elem in elems)


class FindFolders(OneRequest, services.FindFolder):  # type: ignore[misc]
    """The folders below some."""

    def below(
        self, ids: Sequence[FolderId | DistinguishedFolderId], fields: Sequence[FieldPath], depth: str = "Deep"
    ) -> list[FolderSeen]:
        """At any depth, or at one level ("Shallow"). Raises what the library says."""
        found = self._paged_call(
            payload_func=self.get_payload,
            max_items=None,
            folders=ids,
            additional_fields=list(fields),
            restriction=None,
            shape="IdOnly",
            depth=depth,
            page_size=self.page_size,
            offset=0,
        )
        seen = []
        for element in found:
            if isinstance(element, Exception):
                raise element
            seen.append(folder_seen(element))
        return seen


class GetAttachments(EachItsAnswer, services.GetAttachment):  # type: ignore[misc]
    """Attachments with their content."""

    def read(self, ids: Sequence[Any]) -> list[Any]:
        """Attachments or exceptions, in the order of the ids."""
        found = self.call(
            items=ids, include_mime_content=False, body_type=None, filter_html_content=None, additional_fields=None
        )
        return each(ids, found)


# ---------------------------------------------------------------- writing; nothing of it sends a mail (SYNC.md R10)

SILENTLY = "SendToNone"


class CreateItems(EachItsAnswer, services.CreateItem):  # type: ignore[misc]
    """Makes items."""

    def create(self, folder: FolderId, items: Sequence[Any]) -> list[Any]:
        """New ids and change keys, or exceptions, in the order of the items."""
        elements = self._chunked_get_elements(
            self.get_payload,
            items=items,
            folder=folder,
            message_disposition="SaveOnly",
            send_meeting_invitations=SILENTLY,
        )
        return each(items, self._elems_to_objs(elements))


class UpdateItems(EachItsAnswer, SparseUpdate):
    """Changes what is named of items, and nothing else (SYNC.md R20)."""

    def update(self, items: Sequence[tuple[Any, list[str]]], *, whatever_version: bool = False) -> list[Any]:
        """New ids and change keys, or exceptions, in the order of the items, which `changed_item` made.

        Only items that are still in the version of their key, unless it is of no account.
        """
        found = self.call(
            items=items,
            conflict_resolution="AlwaysOverwrite" if whatever_version else "NeverOverwrite",
            message_disposition="SaveOnly",
            send_meeting_invitations_or_cancellations=SILENTLY,
            suppress_read_receipts=True,
        )
        return each(items, found)


class DeleteItems(EachItsAnswer, services.DeleteItem):  # type: ignore[misc]
    """Deletes items, so that a person can get them back."""

    def delete(self, keys: Sequence[Any]) -> list[Any]:
        """True or exceptions, in the order of the keys. Change keys are of no account (E5)."""
        found = self.call(
            items=keys,
            delete_type="MoveToDeletedItems",
            send_meeting_cancellations=SILENTLY,
            affected_task_occurrences="AllOccurrences",
            suppress_read_receipts=True,
        )
        return each(keys, found)


class CreateAttachments(EachItsAnswer, services.CreateAttachment):  # type: ignore[misc]
    """Attaches files."""

    def attach(self, item: ParentItemId, files: Sequence[Any]) -> list[Any]:
        """Attachments or exceptions."""
        return each(files, self.call(parent_item=item, items=files))


class DeleteAttachments(EachItsAnswer, services.DeleteAttachment):  # type: ignore[misc]
    """Removes files."""

    def remove(self, ids: Sequence[Any]) -> list[Any]:
        """The items they were attached to, or exceptions."""
        return each(ids, self.call(items=ids))
