"""A contact's picture: an attachment of a certain kind (E14)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from exchangelib import Contact, FileAttachment
from exchangelib.errors import MalformedResponseError
from exchangelib.properties import ItemId, ParentItemId

from connectors.exchange.asking import paths
from connectors.exchange.failures import is_gone, item_failure
from connectors.exchange.places import Place
from connectors.exchange.services import CreateAttachments, DeleteAttachments, GetAttachments, GetItems
from connectors.exchange.transport import Transport
from connectors.photos import media_type

TOGETHER = 20  # pictures of one request
_NAME = "ContactPicture.jpg"  # whatever it is a picture of


class Photos:
    """Reads and writes pictures."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, place: Place, items: Sequence[Any]) -> dict[str, bytes | Exception]:
        """The pictures of contacts that have one, by the contact's id, or why one is not given out."""
        wanted = [(item.id, key) for item in items if item.has_picture is not False for key in _keys(item)[:1]]
        found: dict[str, bytes | Exception] = {}
        account = self._transport.account(place.owner)
        for start in range(0, len(wanted), TOGETHER):
            some = wanted[start : start + TOGETHER]
            service = GetAttachments(account=account)
            answers = self._transport.read(partial(service.read, [key for _, key in some]), place.owner)
            for (item_id, _), answer in zip(some, answers, strict=True):
                found[item_id] = answer if isinstance(answer, Exception) else _content_of(answer)
        return found

    def write(self, place: Place, item_id: str, data: bytes | None, *, new: bool = False) -> str:
        """Put this picture in place of what is there (nothing in a new contact); None takes it away.

        Gives the contact's version then; "" where that is not told. Raises ItemErrors and AccountErrors.
        """
        version = "" if new else self._removed(place, item_id)
        if data is None:
            return version
        service = CreateAttachments(account=self._transport.account(place.owner))
        file = FileAttachment(name=_NAME, content=data, is_contact_photo=True, content_type=media_type(data))
        attach = partial(service.attach, ParentItemId(item_id), [file])
        (made,) = _accepted(self._transport.write(attach, place.owner, repeat=False))
        return str(made.attachment_id.root_changekey or "")

    def _removed(self, place: Place, item_id: str) -> str:
        account = self._transport.account(place.owner)
        read = partial(GetItems(account=account).read, [ItemId(item_id)], paths(Contact, ["attachments"]))
        (item,) = _accepted(self._transport.read(read, place.owner))
        old = _keys(item)
        if not old:
            return str(item.changekey)
        remove = partial(DeleteAttachments(account=account).remove, old)
        told = _accepted(self._transport.write(remove, place.owner), gone=True)
        return str(told[-1].changekey or "") if told else ""


def _content_of(attachment: Any) -> bytes | Exception:
    """An attachment without a content is one that did not come: its picture is not gone."""
    content = getattr(attachment, "_content", None)
    return bytes(content) if content else MalformedResponseError("The attachment came without its content.")


def _keys(item: Any) -> list[Any]:
    return [one.attachment_id for one in item.attachments or () if getattr(one, "is_contact_photo", False)]


def _accepted(answers: Sequence[Any], *, gone: bool = False) -> list[Any]:
    """The answers that are no errors. Raises for the first one that is."""
    for answer in answers:
        if isinstance(answer, Exception) and not (gone and is_gone(answer)):
            raise item_failure(answer) from answer
    return [answer for answer in answers if not isinstance(answer, Exception)]
