"""The other side in the simulation: accounts as unkind as the real ones, each in its own way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from sync_engine.errors import CursorExpired
from sync_engine.item import Item
from sync_engine.ports import Changed, Cursor, RemoteRef
from tests.simulation.nature import BLIND_FOR, Nature, cased, rewritten, without

_SOONER = 60.0  # seconds; the hub counts from when it began to write many


@dataclass
class Remote:
    """The stored side: items by id, and a log of ids in the order of their changes."""

    name: str
    nature: Nature
    time: Callable[[], datetime] = lambda: datetime.min
    quirks: Random = field(default_factory=lambda: Random(0))  # of the running step
    items: dict[str, tuple[Item, int]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    forgotten: int = 0
    lag: int = 0
    born: dict[str, int] = field(default_factory=dict)  # id -> where its creation stands in the log
    shown: int = 0  # the feed has caught up to here
    keys: dict[str, str] = field(default_factory=dict)  # idempotency key -> id
    made_at: dict[str, datetime] = field(default_factory=dict)  # id -> when
    sent_as: dict[str, str] = field(default_factory=dict)  # id -> the UID that is hidden on it
    numbers: int = 0
    in_gap: bool = False  # between a look and a write of ours
    hidden: set[str] = field(default_factory=set)  # ids of items whose last edit did not change their tag
    secrets: list[str] = field(default_factory=list)  # texts that such an edit made
    overwritten: list[str] = field(default_factory=list)  # texts that came between a look and a write

    def __post_init__(self) -> None:
        self.lag = self.nature.lag

    # ------------------------------------------------------------ storing

    def new_id(self, uid: str) -> str:
        """Where a new item goes."""
        self.numbers += 1
        return cased(self.numbers) if self.nature.own_ids else f"/{uid}"

    def put(self, remote_id: str, item: Item) -> None:
        """Store, as a new version."""
        self.numbers += 1
        if remote_id not in self.items:
            self.born[remote_id] = len(self.log)
            self.made_at[remote_id] = self.time()
        self.items[remote_id] = (item, self.numbers)
        self.hidden.discard(remote_id)
        self.log.append(remote_id)

    def edit(self, remote_id: str, item: Item) -> None:
        """Somebody stores it, and the tag may stay the same."""
        if self.nature.versions != "stuck" or self.quirks.random() < 0.5:
            return self.put(remote_id, item)
        self.items[remote_id] = (item, self.items[remote_id][1])
        self.hidden.add(remote_id)
        self.secrets.append(item.text)
        self.log.append(remote_id)
        return None

    def move(self, remote_id: str, item: Item) -> None:
        """Store it under another id. What it was made with, goes with it."""
        new = self.new_id(item.uid)
        self.put(new, item)
        if remote_id in self.sent_as:
            self.sent_as[new] = self.sent_as[remote_id]
        self.drop(remote_id)
        self.keys = {key: new if i == remote_id else i for key, i in self.keys.items()}

    def drop(self, remote_id: str) -> None:
        """Delete."""
        del self.items[remote_id]
        self.sent_as.pop(remote_id, None)
        self.hidden.discard(remote_id)
        self.log.append(remote_id)

    def version(self, remote_id: str) -> str:
        """The version as the connector tells it."""
        item, number = self.items[remote_id]
        kind = self.nature.versions
        return "" if kind == "none" else f"#{item.digest}" if kind == "hash" else f'"{number}"'

    def read(self, remote_id: str) -> Changed | None:
        """One item."""
        if remote_id not in self.items:
            return None
        ref = RemoteRef(remote_id, self.version(remote_id))
        return Changed(ref, self.items[remote_id][0], self.sent_as.get(remote_id, ""))

    def expire(self) -> None:
        """No cursor given out until now is good any more."""
        self.log.append("")
        self.forgotten = len(self.log)

    def kept(self, item: Item) -> Item:
        """What it makes of what it is sent."""
        if self.nature.lossy:
            item = Item.read(without(item.text))
        return Item.read(rewritten(item.text, self.nature.rewrites))

    # ------------------------------------------------------------ the feed

    def visible(self) -> int:
        """So far the feed has come."""
        return max(len(self.log) - self.lag, self.forgotten, self.shown)

    def listed(self) -> list[str]:
        """What a listing shows: the newest items are missing where the feed lags."""
        return [i for i in self.items if self.born[i] < self.visible() or not self.lag]

    def is_found(self, remote_id: str) -> bool:
        """Whether a search shows an item by now."""
        if not self.nature.blind or remote_id in self.listed() or remote_id not in self.items:
            return True
        return abs((self.time() - self.made_at[remote_id]).total_seconds()) >= BLIND_FOR - _SOONER

    def since(self, cursor: Cursor) -> dict[str, int]:
        """Ids that changed, and the place in the log after which each is told. Raises CursorExpired."""
        start = int(cursor)
        if not self.forgotten <= start <= len(self.log):
            raise CursorExpired("The account does not know this place in its change log any more.")
        places: dict[str, int] = {}
        for place, remote_id in enumerate(self.log[start : self.visible()], start + 1):
            if remote_id:
                places.setdefault(remote_id, place)
        return places
