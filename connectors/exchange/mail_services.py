"""Requests about mails, read from the XML itself: mails are of many kinds (invitations, reports)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from exchangelib import Message, services
from exchangelib.folders import BaseFolder
from exchangelib.properties import FolderId, ItemId
from exchangelib.util import TNS, create_element

from connectors.exchange.asking import paths
from connectors.exchange.services import EachItsAnswer, SyncItems, each

_NO_MAILS = frozenset({"Contact", "DistributionList", "CalendarItem", "Task"})
_LISTED = paths(Message, ("datetime_received", "size"))
_MIME = paths(Message, ("mime_content",))
_LOOK = paths(Message, ("parent_folder_id", "is_read", "categories"))


@dataclass(frozen=True, slots=True)
class MailTold:
    """One line of SyncFolderItems."""

    verb: str  # Create, Update, Delete, ReadFlagChange
    id: str
    is_mail: bool = True
    size: int = 0
    arrived_at: datetime | None = None  # UTC


class SyncMails(SyncItems):
    """One page of a mail folder's changes, as `SyncItems`."""

    def mails(self, folder: FolderId, state: str, most: int) -> list[MailTold]:
        """Of all kinds, with sizes and times of arrival."""
        return self.lines(folder, state, most, _LISTED)

    def _elem_to_obj(self, elem: Any) -> Any:
        key, sort = elem.find(f".//{{{TNS}}}ItemId"), elem[0].tag.partition("}")[2]
        size = elem.findtext(f".//{{{TNS}}}Size") or ""
        return MailTold(
            elem.tag.partition("}")[2],
            key.get("Id"),
            sort not in _NO_MAILS,
            int(size) if size.isdecimal() else 0,
            _moment(elem.findtext(f".//{{{TNS}}}DateTimeReceived") or ""),
        )


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class ReadMime(EachItsAnswer, services.GetItem):  # type: ignore[misc]
    """Mails as MIME."""

    def read(self, ids: Sequence[str]) -> list[bytes | Exception]:
        """Octets or exceptions, in the order of the ids; ValueError where an answer has none."""
        keys = [ItemId(one) for one in ids]
        return each(keys, self.call(items=keys, additional_fields=_MIME, shape="IdOnly"))

    def _elems_to_objs(self, elems: Any) -> Iterator[Any]:
        return (elem if isinstance(elem, Exception) else _octets(elem) for elem in elems)


def _octets(elem: Any) -> bytes | Exception:
    try:
        found = base64.b64decode(elem.findtext(f"{{{TNS}}}MimeContent") or "")
    except binascii.Error as err:
        return err
    return found or ValueError("The answer has no MimeContent.")


@dataclass(frozen=True, slots=True)
class MailSeen:
    """What a look at a mail shows."""

    id: str
    change_key: str
    folder_id: str
    seen: bool
    categories: tuple[str, ...]
    model: Any = Message  # exchangelib's class: an invitation is changed as one


class LookAtMails(EachItsAnswer, services.GetItem):  # type: ignore[misc]
    """Where mails lie, and how they are marked."""

    def read(self, ids: Sequence[str]) -> list[Any]:
        """MailSeen or exceptions, in the order of the ids."""
        keys = [ItemId(one) for one in ids]
        return each(keys, self.call(items=keys, additional_fields=_LOOK, shape="IdOnly"))

    def _elems_to_objs(self, elems: Any) -> Iterator[Any]:
        return (elem if isinstance(elem, Exception) else _seen(elem) for elem in elems)


def _seen(elem: Any) -> MailSeen:
    key, folder = (elem.find(f"{{{TNS}}}{name}") for name in ("ItemId", "ParentFolderId"))
    categories = tuple(one.text or "" for one in elem.iterfind(f"{{{TNS}}}Categories/{{{TNS}}}String"))
    read = elem.findtext(f"{{{TNS}}}IsRead") == "true"
    model = BaseFolder.ITEM_MODEL_MAP.get(elem.tag, Message)
    return MailSeen(key.get("Id"), key.get("ChangeKey") or "", folder.get("Id"), read, categories, model)


class MoveMails(EachItsAnswer, services.MoveItem):  # type: ignore[misc]
    """Moves mails."""

    def move(self, ids: Sequence[str], to: FolderId) -> list[Any]:
        """New ids or exceptions, in the order of the ids."""
        keys = [ItemId(one) for one in ids]
        return each(keys, self.call(items=keys, to_folder=to))


class FindSent(EachItsAnswer, services.FindItem):  # type: ignore[misc]
    """Mails of a folder by their Message-ID."""

    def matching(self, folder: FolderId, restriction: Any) -> list[str | Exception]:
        """Message-IDs as they stand there; Exchange compares case apart. Or what it says instead."""
        found = self.call(
            folders=[folder],
            additional_fields=paths(Message, ("message_id",)),
            restriction=restriction,
            order_fields=None,
            shape="IdOnly",
            query_string=None,
            depth="Shallow",
            calendar_view=None,
            max_items=100,
            offset=0,
        )
        return list(found)

    def _elem_to_obj(self, elem: Any) -> Any:
        return elem.findtext(f"{{{TNS}}}InternetMessageId") or ""


class SendMime(EachItsAnswer, services.CreateItem):  # type: ignore[misc]
    """Sends a whole mail, with a copy in a folder. Nothing but its MIME is said, so that nothing is bent."""

    def send(self, raw: bytes, copy: FolderId) -> Any:
        """True, or an exception."""
        [answer] = each([raw], self._elems_to_objs(self._get_elements(payload=self._payload(raw, copy))))
        return answer

    def _payload(self, raw: bytes, copy: FolderId) -> Any:
        made = create_element("m:CreateItem", attrs={"MessageDisposition": "SendAndSaveCopy"})
        folder, items = create_element("m:SavedItemFolderId"), create_element("m:Items")
        mail, mime = create_element("t:Message"), create_element("t:MimeContent", attrs={"CharacterSet": "UTF-8"})
        folder.append(copy.to_xml(version=self.account.version))
        mime.text = base64.b64encode(raw).decode("ascii")
        mail.append(mime)
        items.append(mail)
        made.append(folder)
        made.append(items)
        return made
