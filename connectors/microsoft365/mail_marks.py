"""How a mail of Microsoft 365 is marked, and in which version; and what a change of it must say."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.mail import After
from connectors.microsoft365.feed import version_of

_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Marks:
    """Of one mail."""

    version: str  # its entity tag; another folder makes it another one, too
    seen: bool
    categories: tuple[str, ...]

    def missing(self, after: After) -> dict[str, Any]:
        """What is not so yet. Categories are compared as Outlook does: case apart."""
        body: dict[str, Any] = {}
        if after.seen and not self.seen:
            body["isRead"] = True
        if after.keyword and after.keyword.lower() not in {one.lower() for one in self.categories}:
            body["categories"] = [*self.categories, after.keyword]
        return body


def marks_of(record: Mapping[str, Any]) -> Marks | None:
    """None where a sparse record does not say all of it."""
    version, seen, categories = version_of(record), record.get("isRead"), record.get("categories")
    if not version or not isinstance(seen, bool) or not isinstance(categories, list):
        return None
    return Marks(version, seen, tuple(map(str, categories)))


class KnownMarks:
    """What was told of mails that will be marked next; each is good once, and the oldest are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Marks] = OrderedDict()

    def note(self, marks: Mapping[str, Marks]) -> None:
        """Take down some."""
        self._known.update(marks)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def take(self, mail_id: str) -> Marks | None:
        """And forget it: after a change it is another version."""
        return self._known.pop(mail_id, None)
