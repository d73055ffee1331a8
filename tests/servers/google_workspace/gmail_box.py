"""A mailbox of Gmail: labels, mails, threads, and the history of what happened (M1-M5)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

from tests.servers.google_workspace.protocol import GoogleError
from tests.servers.google_workspace.world import World

SYSTEM = ("INBOX", "SENT", "DRAFT", "TRASH", "SPAM", "UNREAD", "STARRED", "IMPORTANT", "CHAT", "CATEGORY_UPDATES")
HIDDEN = {"TRASH", "SPAM"}
_ANSWERS = re.compile(r"(\s*(re|fwd?|aw|wg)\s*:)*\s*", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s]+>")
Json = dict[str, Any]


@dataclass
class Letter:
    """A mail that lies there."""

    id: str
    raw: bytes
    labels: set[str]
    at: datetime
    history: int
    thread: str = ""  # the id of its first mail


@dataclass
class Box:
    """One mailbox."""

    address: str
    world: World
    letters: dict[str, Letter] = field(default_factory=dict)
    vault: list[Letter] = field(default_factory=list)  # what only an administrator sees: `deleted` when it was taken in
    names: dict[str, str] = field(default_factory=lambda: {name: name for name in SYSTEM})  # of labels, by id
    history: list[Json] = field(default_factory=list)
    oldest: int = 0  # places in the history before this one are forgotten
    place: int = 1000
    listeners: list[Callable[[Box, Json], None]] = field(default_factory=list)  # told each record of the history
    _said: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # ids, by Message-ID

    # ------------------------------------------------------------ labels

    def label(self, name: str) -> str:
        """A new label of people; its id."""
        made = f"Label_{self.world.number()}"
        self.names[made] = name
        return made

    def unlabel(self, label: str) -> None:
        """It is gone, from all mails too."""
        for one in [one for one in self.letters.values() if label in one.labels]:
            self.relabel(one.id, take={label})
        del self.names[label]

    def must_know(self, labels: Iterable[str]) -> None:
        """GoogleError for one that is not there. Ids only, to the letter: "sent" is none."""
        for one in labels:
            if one not in self.names:
                raise GoogleError(400, "invalidArgument", f"Invalid label: {one}")

    # ------------------------------------------------------------ mails

    def deliver(self, raw: bytes, labels: set[str] | None = None, at: datetime | None = None) -> Letter:
        """It comes. `at`: Gmail's internal date, if it is not now."""
        with self.world.lock:
            made = self.written(raw, {"INBOX", "UNREAD"} if labels is None else set(labels), at)
            made.history = self._next()
            for said in _ids(head_of(raw), "message-id"):
                self._said[said].append(made.id)
            self.letters[made.id] = made
            self._tell({"id": str(made.history), "messagesAdded": [{"message": self.short(made)}]})
            return made

    def written(self, raw: bytes, labels: set[str], at: datetime | None) -> Letter:
        """A mail that does not lie here yet."""
        now = self.world.moment() + timedelta(milliseconds=len(self.letters))
        made = f"{0x18C0000000000000 + self.world.number() * 4099:x}"
        return Letter(made, raw, labels, at or now, self.place, self._thread(raw) or made)

    def relabel(self, letter_id: str, give: set[str] = frozenset(), take: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Labels are given and taken."""
        letter = self.letters[letter_id]
        given, taken = set(give) - letter.labels, set(take) & letter.labels
        letter.labels = (letter.labels | given) - taken
        for name, labels in (("labelsAdded", given), ("labelsRemoved", taken)):
            if labels:
                letter.history = self._next()
                told = {"message": self.short(letter), "labelIds": sorted(labels)}
                self._tell({"id": str(letter.history), name: [told]})

    def trash(self, letter_id: str) -> None:
        """A change of labels, no deletion (M2)."""
        self.relabel(letter_id, {"TRASH"}, {"INBOX"})

    def remove(self, letter_id: str) -> None:
        """For good."""
        gone = self.letters.pop(letter_id)
        self._tell({"id": str(self._next()), "messagesDeleted": [{"message": self.short(gone)}]})

    def forget(self) -> None:
        """All places in the history are too old (M1)."""
        self.oldest = self._next()

    def lying(self, label: str, *, hidden: bool = False) -> list[Letter]:
        """The newest first, as Gmail lists them."""
        found = [one for one in self.letters.values() if label in one.labels and (hidden or not one.labels & HIDDEN)]
        return sorted(found, key=lambda one: one.at, reverse=True)

    def short(self, letter: Letter) -> Json:
        """How lists name a mail."""
        return {"id": letter.id, "threadId": letter.thread, "labelIds": sorted(letter.labels)}

    # ------------------------------------------------------------ inside

    def _thread(self, raw: bytes) -> str:
        """Of a mail that this one names in In-Reply-To or References, if their subjects are the same."""
        head = head_of(raw)
        for said in _ids(head, "in-reply-to", "references"):
            for one in self._said.get(said, ()):
                if one in self.letters and _subject(head_of(self.letters[one].raw)) == _subject(head):
                    return self.letters[one].thread
        return ""

    def _tell(self, record: Json) -> None:
        self.history.append(record)
        for listener in self.listeners:
            listener(self, record)

    def _next(self) -> int:
        self.place += 7 + self.place % 5  # with gaps
        return self.place


def head_of(raw: bytes) -> Message:
    """The headers of a mail, whatever its line ends are."""
    return BytesHeaderParser().parsebytes(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0])


def _ids(head: Message, *names: str) -> list[str]:
    return [said for name in names for line in head.get_all(name, []) for said in _ID.findall(str(line))]


def _subject(head: Message) -> str:
    """Without what answers put in front."""
    return " ".join(_ANSWERS.sub("", str(head.get("subject", "")), count=1).casefold().split())
