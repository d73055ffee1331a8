"""Which collections a mailbox has: contact folders, calendars (shared ones too), To Do lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.microsoft365.failures import read_failure
from connectors.microsoft365.feed import pages
from connectors.microsoft365.places import CONTACTS, collection_id
from connectors.microsoft365.transport import Transport
from sync_engine.errors import CollectionGone, NotAuthorised
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection

_TOP = "?$top=100"


class Discovery:
    """Looks into one account."""

    def __init__(self, transport: Transport, shared: Sequence[str] = ()) -> None:
        """`shared`: addresses of people whose calendars the account may open."""
        self._transport = transport
        self._shared = shared

    def collections(self) -> list[RemoteCollection]:
        """All of them; of other people's mailboxes the calendar, where it is open. Raises as `own`."""
        return [*self.own(), *(calendar for address in self._shared for calendar in self._calendar_of(address))]

    def own(self) -> list[RemoteCollection]:
        """Those of the mailbox. A part that the app has no permission for is left out.

        Raises NotAuthorised when all of them are.
        """
        found: list[RemoteCollection] = []
        refused: list[NotAuthorised] = []
        for part in (self._contact_folders, self._calendars, self._task_lists):
            try:
                found += part()
            except NotAuthorised as err:
                refused.append(err)
            except CollectionGone:  # a mailbox without To Do
                continue
        if refused and not found:
            raise refused[0]
        return found

    def _contact_folders(self) -> Iterator[RemoteCollection]:
        others = [
            RemoteCollection(collection_id("contactFolders", str(one["id"])), _name(one), frozenset({Kind.CONTACT}))
            for one in self._listed("/contactFolders")
        ]
        yield RemoteCollection(CONTACTS, "Contacts", frozenset({Kind.CONTACT}))
        yield from others

    def _calendars(self) -> Iterator[RemoteCollection]:
        for one in self._listed("/calendars"):
            yield RemoteCollection(
                collection_id("calendars", str(one["id"])),
                _name(one),
                frozenset({Kind.EVENT}),
                read_only=one.get("canEdit") is False,
                color=_color(one),
            )

    def _task_lists(self) -> Iterator[RemoteCollection]:
        for one in self._listed("/todo/lists"):
            if one.get("wellknownListName") != "flaggedEmails":
                yield RemoteCollection(collection_id("lists", str(one["id"])), _name(one), frozenset({Kind.TASK}))

    def _calendar_of(self, address: str) -> Iterator[RemoteCollection]:
        """Somebody else's; nothing while it is not open to this account."""
        answer = self._transport.ask("get", self._transport.path("/calendar", address), owner=address)
        if answer.status in {403, 404}:
            return
        if not answer.ok:
            raise read_failure(answer, f"the calendar of {address}")
        one = answer.document
        yield RemoteCollection(
            collection_id("calendars", str(one["id"]), address),
            f"Calendar of {address}",
            frozenset({Kind.EVENT}),
            read_only=one.get("canEdit") is False,
            color=_color(one),
        )

    def _listed(self, path: str) -> list[Mapping[str, Any]]:
        return [one for page in pages(self._transport, self._transport.path(path) + _TOP) for one in page]


def _name(one: Mapping[str, Any]) -> str:
    return str(one.get("displayName") or one.get("name") or "")


def _color(one: Mapping[str, Any]) -> str:
    color = str(one.get("hexColor") or "")
    return color.upper() if len(color) == 7 and color.startswith("#") else ""
