"""What a mailbox is made of: collections, items, the log of changes, and the mails that nobody gets."""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

Fields = dict[str, Any]
CONTACTS, CALENDAR, TASKS, MAIL = "contacts", "calendar", "tasks", "mail"
MAIL_FOLDERS = ("Inbox", "Drafts", "Outbox", "Sent Items", "Deleted Items", "Junk Email")
_FILLER = "ADM3ZDkxNjVlLTk5YjMtNGQ0Yi05OTk1LTkxOGM2NzEwODVkYgBGAAAAAACb" * 3
_LETTERS = "aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ"


class NotThere(Exception):
    """No such mailbox, collection or item."""


class Stale(Exception):
    """The change key that the caller named is not the item's any more."""


@dataclass
class Mail:
    """A message that a person would have got; no test of sync may cause one (R10)."""

    sender: str
    recipients: list[str]
    kind: str  # invitation, update, cancellation, response, message
    subject: str
    raw: bytes = b""  # of a whole mail, as it was handed over


@dataclass(frozen=True)
class Change:
    """One line of a collection's log."""

    seq: int  # counts over the whole mailbox
    item: str  # immutable id
    verb: str  # create, update, delete
    at: datetime
    names: frozenset[str] = frozenset()  # the fields that were written
    folder_id: str = ""  # the item's default id at the time


@dataclass
class Collection:
    """A contact folder, a calendar, a task list or a mail folder."""

    id: str
    kind: str
    name: str
    parent: str = ""
    well_known: str = ""  # contacts, calendar, tasks, inbox, drafts: there is one of each
    log: list[Change] = field(default_factory=list)


@dataclass
class Item:
    """One record. `id` never changes; `folder_id` is the default kind of id, which a move changes."""

    id: str
    folder_id: str
    collection: str
    kind: str
    fields: Fields
    change_key: str
    created: datetime
    modified: datetime
    number: int = 0  # counts over the whole server
    uid: str = ""  # of events: the same in all mailboxes that have the meeting
    transaction: str = ""  # of events: what the creator called the request
    extended: dict[str, str] = field(default_factory=dict)  # "String {guid} Name x" -> value
    photo: bytes | None = None
    mime: bytes = b""  # of mails: byte for byte
    exceptions: dict[str, Fields] = field(default_factory=dict)  # original day, ISO -> fields that differ
    cancelled: set[str] = field(default_factory=set)  # original days, ISO

    @property
    def recurs(self) -> bool:
        """Is it the master of a series?"""
        return bool(self.fields.get("recurrence"))


def last_of_each(log: list[Change], after: int, upto: int) -> list[Change]:
    """What became of each item in (after, upto]."""
    last: dict[str, Change] = {}
    begin = bisect_right(log, after, key=lambda change: change.seq)
    for change in islice(log, begin, None):
        if change.seq <= upto:
            earlier = last.pop(change.item, None)
            names = change.names | (earlier.names if earlier else frozenset())
            fresh = earlier is not None and earlier.verb == "create" and change.verb == "update"
            verb = "create" if fresh else change.verb
            last[change.item] = replace(change, verb=verb, names=names)
    return list(last.values())


def without_nothing(fields: Mapping[str, Any]) -> Fields:
    """A copy of what is set."""
    return {name: copy.deepcopy(value) for name, value in fields.items() if value is not None}


def long_id(kind: str, *numbers: int) -> str:
    """As long as Exchange's are: 152 characters, most of them the same for all items of a mailbox."""
    own = "".join(spelled(number) for number in numbers)
    return f"{kind}{_FILLER[: 148 - len(kind) - len(own)]}{own}AAA="


def spelled(number: int) -> str:
    """Letters, so that neighbours differ in case only: ids are case-sensitive."""
    text = ""
    for _ in range(6):
        number, rest = divmod(number, len(_LETTERS))
        text = _LETTERS[rest] + text
    return text
