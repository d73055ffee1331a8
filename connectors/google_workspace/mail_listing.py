"""What lies under a label of Gmail, and what came since: `messages.list`, then `history.list`.

Gmail numbers all that happens in a mailbox, and keeps that history for a week or so, sometimes for hours only. A mail
came when it was added, or when somebody gave it the label. What is in the trash, in spam or a draft did not come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.google_workspace.batch import Asked, Batch
from connectors.google_workspace.failures import Garbled, Gone, is_gone, read_failure
from connectors.google_workspace.mail_cursor import MailCursor
from connectors.google_workspace.mail_labels import ME
from connectors.google_workspace.transport import Transport
from connectors.mail import Arrival, MailPage
from sync_engine.errors import CursorExpired

PAGE = 50  # mails of a page: as many as go into one batch
_MOST = 500  # entries that Gmail gives at once
_ELSEWHERE = frozenset({"TRASH", "SPAM", "DRAFT"})


class MailListing:
    """Answers `arrivals` for a label's id."""

    def __init__(self, transport: Transport, page: int = PAGE) -> None:
        self._transport, self._page = transport, page
        self._messages = transport.gmail.users().messages()
        self._history = transport.gmail.users().history()
        self._batch = Batch(transport)

    # ------------------------------------------------------------ all that lies there

    def afresh(self, label: str) -> Iterator[MailPage]:
        """Everything, the oldest first. The place in the history is taken before, so that nothing slips through."""
        profile = self._transport.ask(self._transport.gmail.users().getProfile(userId=ME))
        yield from self._from(label, str(profile["historyId"]), "")

    def go_on(self, cursor: MailCursor) -> Iterator[MailPage]:
        """The rest of it, when only a part was kept; then what came meanwhile."""
        yield from self._from(cursor.label, cursor.h, cursor.told)

    def _from(self, label: str, history: str, told: str) -> Iterator[MailPage]:
        ids = list(self._lying(label))[::-1]  # Gmail lists the newest first
        rest = ids[ids.index(told) + 1 :] if told in ids else ids  # moved away: so is all before it
        pages = [rest[at : at + self._page] for at in range(0, len(rest), self._page)] or [[]]
        for number, some in enumerate(pages, 1):
            last = number == len(pages)
            cursor = MailCursor(label, history, "" if last else some[-1])
            yield MailPage(self._arrivals(label, some), cursor.text, complete=last and not told)
        if told:
            yield from self.since(MailCursor(label, history), frozenset(ids))

    def _lying(self, label: str) -> Iterator[str]:
        token = ""
        while True:
            more = {"pageToken": token} if token else {}
            anywhere = label in _ELSEWHERE
            asked = self._messages.list(
                userId=ME, labelIds=[label], maxResults=_MOST, includeSpamTrash=anywhere, **more
            )
            page = self._transport.ask(asked)
            yield from (str(one["id"]) for one in page.get("messages") or ())
            token = str(page.get("nextPageToken") or "")
            if not token:
                return

    # ------------------------------------------------------------ what came since

    def since(self, cursor: MailCursor, told: frozenset[str] = frozenset()) -> Iterator[MailPage]:
        """By the history, without those told already. Raises CursorExpired when Gmail has forgotten it."""
        seen = set(told)
        token = ""
        while True:
            page = self._history_page(cursor, token)
            token = str(page.get("nextPageToken") or "")
            came = [one for one in _came(page, cursor.label) if one not in seen]
            seen.update(came)
            place = _last(page, cursor.h) if token else str(page["historyId"])
            for at in range(0, max(1, len(came)), self._page):
                some = came[at : at + self._page]
                whole = at + self._page >= len(came)
                where = MailCursor(cursor.label, place) if whole else cursor
                yield MailPage(self._arrivals(cursor.label, some), where.text, complete=whole and not token)
            cursor = MailCursor(cursor.label, place)
            if not token:
                return

    def _history_page(self, cursor: MailCursor, token: str) -> Mapping[str, Any]:
        asked = self._history.list(
            userId=ME,
            startHistoryId=cursor.h,
            labelId=cursor.label,
            historyTypes=["messageAdded", "labelAdded"],
            maxResults=_MOST,
            **({"pageToken": token} if token else {}),
        )
        try:
            page = self._transport.ask(asked)
        except Gone as err:
            message = "Gmail has forgotten what happened since the last time; everything is listed once."
            raise CursorExpired(message, server_said=err.server_said) from err
        if not str(page.get("historyId", "")).isdecimal():
            raise Garbled("Gmail sent a history without its place; it is read again later.")
        return page

    # ------------------------------------------------------------ size and time

    def labels_of(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """What Gmail says of mails without their content; those that are gone are left out."""
        asked = [Asked(self._messages.get(userId=ME, id=one, format="minimal")) for one in ids]
        found: dict[str, Mapping[str, Any]] = {}
        for one, answer in zip(ids, self._batch.read(asked), strict=True):
            if answer.ok and answer.document:
                found[one] = answer.document
            elif not is_gone(answer):
                raise read_failure(answer, "a mail")
        return found

    def _arrivals(self, label: str, ids: Sequence[str]) -> tuple[Arrival, ...]:
        told = self.labels_of(ids) if ids else {}
        here = (one for one in ids if one in told and lies_in(told[one], label))
        return tuple(Arrival(one, int(told[one].get("sizeEstimate") or 0), _moment(told[one])) for one in here)


def lies_in(document: Mapping[str, Any], label: str) -> bool:
    """Whether a mail has the label, and is not somewhere else as well."""
    labels = set(document.get("labelIds") or ())
    return label in labels and not labels & (_ELSEWHERE - {label})


def _came(page: Mapping[str, Any], label: str) -> list[str]:
    """Ids, each once, in the order in which it happened."""
    found: dict[str, None] = {}
    for record in page.get("history") or ():
        for added in record.get("messagesAdded") or ():
            if label in (added["message"].get("labelIds") or ()):
                found[str(added["message"]["id"])] = None
        for given in record.get("labelsAdded") or ():
            if label in (given.get("labelIds") or ()):
                found[str(given["message"]["id"])] = None
    return list(found)


def _last(page: Mapping[str, Any], before: str) -> str:
    """Id of the last thing that a page tells; a page may be empty."""
    records = page.get("history") or [{"id": before}]
    place = str(records[-1].get("id", ""))
    if not place.isdecimal():
        raise Garbled("Gmail sent a history without its places; it is read again later.")
    return place


def _moment(document: Mapping[str, Any]) -> datetime | None:
    told = str(document.get("internalDate") or "")
    return datetime.fromtimestamp(int(told) / 1000, UTC) if told.isdecimal() and len(told) < 15 else None
