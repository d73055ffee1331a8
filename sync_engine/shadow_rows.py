"""Links, planned writes, quarantine entries and holds of a rehearsal: what the hub has, under what was changed since.

Every method reads through to a real unit of work, which it never writes to. New rows have negative ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync_engine.ports import Intent, IntentState, Link, LinkState, Trouble, UnitOfWork

_ALL = 1_000_000

NewId = Callable[[], int]


@dataclass(slots=True)
class ShadowLinks:
    """Links of one binding."""

    new_id: NewId
    read: dict[int, Link] = field(default_factory=dict)  # as the hub has them, those that were looked at
    changed: dict[int, Link | None] = field(default_factory=dict)  # None: forgotten

    def by_remote_id(self, real: UnitOfWork, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Link]:
        """As `UnitOfWork.links`."""
        wanted = set(remote_ids)
        found = self._through(real.links(binding_id, remote_ids).values())
        return {k.remote_id: k for k in (*found, *self._living()) if k.remote_id in wanted}

    def by_item(self, real: UnitOfWork, binding_id: int, item_ids: Sequence[int]) -> dict[int, Link]:
        """As `UnitOfWork.links_of_items`."""
        wanted = set(item_ids)
        found = self._through(real.links_of_items(binding_id, item_ids).values())
        return {k.item_id: k for k in (*found, *self._living()) if k.item_id in wanted}

    def missing(self, real: UnitOfWork, binding_id: int) -> list[Link]:
        """As `UnitOfWork.missing_links`."""
        found = self._through(real.missing_links(binding_id))
        return [*found, *(k for k in self._living() if k.state is LinkState.MISSING)]

    def remote_ids(self, real: UnitOfWork, binding_id: int) -> list[str]:
        """As `UnitOfWork.linked_remote_ids`."""
        before = {self.read[number].remote_id for number in self.changed if number in self.read}
        still = [i for i in real.linked_remote_ids(binding_id) if i not in before]
        return [*still, *(k.remote_id for k in self._living() if k.state not in (LinkState.MISSING, LinkState.LEFT))]

    def count(self, real: UnitOfWork, binding_id: int) -> int:
        """As `UnitOfWork.count_links`."""
        before = [self.read.get(number) for number in self.changed if number > 0]
        gone = sum(1 for link in before if link is None or link.state is not LinkState.LEFT)
        there = sum(1 for link in self._living() if link.state is not LinkState.LEFT)
        return real.count_links(binding_id) + there - gone

    def by_remote_uid(self, uids: Sequence[str]) -> list[tuple[str, int]]:
        """Hub items by the UID of the remote item that they were linked to since."""
        return [(k.remote_uid, k.item_id) for k in self._living() if k.remote_uid in uids]

    def linked_items(self) -> set[int]:
        """Hub items that were linked since."""
        return {k.item_id for k in self._living()}

    def save(self, link: Link) -> Link:
        """As `UnitOfWork.save_link`."""
        kept = link if link.id else replace(link, id=self.new_id())
        self.changed[kept.id] = kept
        return kept

    def delete(self, link_id: int) -> None:
        """As `UnitOfWork.delete_link`."""
        self.changed[link_id] = None

    def _through(self, found: Iterable[Link]) -> list[Link]:
        """Those that were not changed since; they are remembered as the hub has them."""
        fresh = [link for link in found if link.id not in self.changed]
        self.read |= {link.id: link for link in fresh}
        return fresh

    def _living(self) -> list[Link]:
        return [link for link in self.changed.values() if link is not None]


@dataclass(slots=True)
class ShadowOutbox:
    """The planned writes of one binding, oldest first; one for each item."""

    new_id: NewId
    rows: dict[int, Intent] | None = None  # by hub item
    items: dict[int, int] = field(default_factory=dict)  # id of the intent -> hub item

    def find(self, real: UnitOfWork, binding_id: int, states: Sequence[IntentState], limit: int) -> list[Intent]:
        """As `UnitOfWork.intents`."""
        return [i for i in self._rows(real, binding_id).values() if i.state in states][:limit]

    def add(self, real: UnitOfWork, intents: Iterable[Intent]) -> None:
        """As `UnitOfWork.add_intents`."""
        for intent in intents:
            rows = self._rows(real, intent.binding_id)
            old = rows.get(intent.item_id)
            if old is None or old.state is not IntentState.SENT:
                rows.pop(intent.item_id, None)  # the new one is the youngest
                rows[intent.item_id] = replace(intent, id=self.new_id())
                self.items[rows[intent.item_id].id] = intent.item_id

    def set_state(self, intent_ids: Sequence[int], state: IntentState, at: datetime | None = None) -> None:
        """As `UnitOfWork.set_intent_state`."""
        for number in intent_ids:
            if (old := self._row(number)) is not None:
                self._all()[old.item_id] = replace(old, state=state, sent_at=at or old.sent_at)

    def delete(self, intent_ids: Sequence[int]) -> None:
        """As `UnitOfWork.delete_intents`."""
        for number in intent_ids:
            if (old := self._row(number)) is not None:
                del self._all()[old.item_id]

    def _row(self, number: int) -> Intent | None:
        found = self._all().get(self.items.get(number, 0))
        return found if found is not None and found.id == number else None

    def _all(self) -> dict[int, Intent]:
        return self.rows if self.rows is not None else {}

    def _rows(self, real: UnitOfWork, binding_id: int) -> dict[int, Intent]:
        if self.rows is None:
            found = real.intents(binding_id, list(IntentState), _ALL)
            self.rows = {i.item_id: i for i in found}
            self.items = {i.id: i.item_id for i in found}
        return self.rows


@dataclass(slots=True)
class ShadowCases:
    """Quarantine entries and holds of one binding."""

    added: dict[tuple[str, int | None], Trouble] = field(default_factory=dict)
    released_ids: set[str] = field(default_factory=set)
    released_items: set[int] = field(default_factory=set)
    holds: dict[str, frozenset[int]] = field(default_factory=dict)

    def quarantine(self, trouble: Trouble) -> None:
        """As `UnitOfWork.quarantine`."""
        self.added[_subject(trouble)] = trouble
        self.released_ids.add(trouble.remote_id)  # the older entry counts no more

    def by_remote_id(self, real: UnitOfWork, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Trouble]:
        """As `UnitOfWork.quarantined`."""
        wanted = set(remote_ids)
        found = {i: t for i, t in real.quarantined(binding_id, remote_ids).items() if not self._released(t)}
        return found | {t.remote_id: t for t in self.added.values() if t.remote_id in wanted}

    def by_uid(self, real: UnitOfWork, binding_id: int, uids: Sequence[str]) -> dict[str, Trouble]:
        """As `UnitOfWork.quarantined_uids`."""
        wanted = set(uids)
        found = {u: t for u, t in real.quarantined_uids(binding_id, uids).items() if not self._released(t)}
        mine = (t for t in self.added.values() if t.uid in wanted and t.remote_id and t.operation == "read")
        return found | {t.uid: t for t in mine}

    def unread(self, real: UnitOfWork, binding_id: int) -> list[str]:
        """As `UnitOfWork.unread_remote_ids`."""
        mine = [t.remote_id for t in self.added.values() if t.remote_id and t.operation == "read"]
        return [*(i for i in real.unread_remote_ids(binding_id) if i not in self.released_ids), *mine]

    def to_read(self, real: UnitOfWork, binding_id: int) -> list[str]:
        """As `UnitOfWork.to_read_again`."""
        mine = (t for t in self.added.values() if t.operation == "read" and not t.remote_version)
        known = (i for i in real.to_read_again(binding_id) if i not in self.released_ids)
        return [*known, *(t.remote_id for t in mine if t.remote_id)]

    def release(self, remote_ids: Sequence[str], item_ids: Sequence[int]) -> None:
        """As `UnitOfWork.release`."""
        self.released_ids |= set(remote_ids)
        self.released_items |= set(item_ids)
        gone = [s for s, t in self.added.items() if t.remote_id in remote_ids or t.item_id in item_ids]
        for subject in gone:
            del self.added[subject]

    def held(self, real: UnitOfWork, binding_id: int, side: str) -> frozenset[int]:
        """As `UnitOfWork.held`."""
        return self.holds.get(side, real.held(binding_id, side))

    def _released(self, trouble: Trouble) -> bool:
        return trouble.remote_id in self.released_ids or trouble.item_id in self.released_items


def _subject(trouble: Trouble) -> tuple[str, int | None]:
    return trouble.remote_id, None if trouble.remote_id else trouble.item_id
