"""Mails that are put into a mailbox, and sent nowhere: insert as they are, import as if they had come (M5).

box.vault       # what was taken in with `deleted`: its owner never sees it
SPAM_LINE       # what the filter takes for spam: the line that is made for testing filters, GTUBE
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tests.servers.google_workspace.gmail_box import Box, head_of
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler

SPAM_LINE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


class Taking:
    """users.messages.insert and import, with the mail in the JSON. `box_of` finds the mailbox of a call.

    Neither looks whether a mail with this Message-ID lies there. Uploads and processForCalendar are not built.
    """

    def __init__(self, box_of: Callable[[Call], Box]) -> None:
        self._of = box_of

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {"gmail.users.messages.insert": self._insert, "gmail.users.messages.import": self._import}

    def _insert(self, call: Call) -> Answer:
        return self._taken(call, octets(call), self._labels(call), call.text("internalDateSource", "receivedTime"))

    def _import(self, call: Call) -> Answer:
        if call.yes("processForCalendar"):
            raise NotImplementedError("processForCalendar")
        raw, labels = octets(call), self._labels(call)
        if SPAM_LINE in raw and not call.yes("neverMarkSpam"):
            labels = labels - {"INBOX"} | {"SPAM"}
        return self._taken(call, raw, labels, call.text("internalDateSource", "dateHeader"))

    def _labels(self, call: Call) -> set[str]:
        """Those that are asked for; none is a mail that lies in no place but All Mail."""
        labels = set(call.body.get("labelIds") or ())
        self._of(call).must_know(labels)
        return labels

    def _taken(self, call: Call, raw: bytes, labels: set[str], source: str) -> Answer:
        box = self._of(call)
        at = _date(raw) if source == "dateHeader" else None
        if call.yes("deleted") and not box.address.endswith("@gmail.com"):  # "only for Google Workspace accounts"
            box.vault.append(box.written(raw, labels, at))
            return Answer(box.short(box.vault[-1]))
        return Answer(box.short(box.deliver(raw, labels, at)))


def octets(call: Call) -> bytes:
    """The mail of a body, with padding or without. GoogleError if there is none."""
    text = str(call.body.get("raw") or "")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raw = b""
    if not raw:
        raise GoogleError(400, "invalidArgument", "'raw' RFC822 payload message string required")
    return raw


def _date(raw: bytes) -> datetime | None:
    """What the mail says; None if that is no date."""
    try:
        said = parsedate_to_datetime(str(head_of(raw).get("date", "")))
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
