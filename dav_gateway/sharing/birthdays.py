"""The birthdays of a user's contacts as a calendar of his, made up while it is read. Nobody writes to it.

Its state is that of the address books: a change of one is a change of it, and what changed since a token is looked for
among as many changes of each book as there were in all of them: sometimes too much is told, never too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from itertools import chain

from dav_gateway.sharing.birthday_events import born_on, falls_between, text_of, uid_of
from storage.dav_birthdays import Birthday, all_birthdays, birthdays_among, carried_away, changed_contacts
from storage.dav_items import Dated, Leaf
from storage.dav_store import collections_of
from storage.unit_of_work import SqlUnitOfWork

_END = ".ics"
_NAME = re.compile(r"([1-9][0-9]{0,17})\.ics\Z")
_DAY = timedelta(days=1)
_FIRST, _LAST = datetime(1753, 1, 2, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Birthdays:
    """`Contents` made of the address books that a user sees."""

    user_id: int

    def listing(self, unit: SqlUnitOfWork, *, short: bool) -> list[Leaf]:
        """See `Contents`."""
        del short
        return [leaf for one in self._all(unit) if (leaf := _leaf(one))]

    def leaf_at(self, unit: SqlUnitOfWork, href: str) -> Leaf | None:
        """See `Contents`."""
        return self.leaves_at(unit, [href]).get(href)

    def text_at(self, unit: SqlUnitOfWork, href: str) -> tuple[Leaf, str] | None:
        """See `Contents`."""
        for one in self._among(unit, [href]):
            leaf, text = _leaf(one), _text(one)
            return (leaf, text) if leaf and text else None
        return None

    def leaves_at(self, unit: SqlUnitOfWork, hrefs: Sequence[str]) -> dict[str, Leaf]:
        """See `Contents`."""
        return {leaf.href: leaf for one in self._among(unit, hrefs) if (leaf := _leaf(one))}

    def changes(self, unit: SqlUnitOfWork, after: int, upto: int, limit: int | None, *, tombstones: bool) -> list[Leaf]:
        """See `Contents`. All at once: the numbers of several books have no order in which to go on."""
        del limit
        if not tombstones:
            return self.listing(unit, short=False)
        count = upto - after
        connection = unit.session.connection
        books = collections_of(connection, self.user_id, contacts=True)
        found = [changed_contacts(connection, book.id, book.seq - count, self.user_id) for book in books]
        seen = [book.id for book in books]
        found += [carried_away(connection, book.id, book.seq - count, seen) for book in books]
        by_address = {_href(one): _leaf(one) or _gone(one) for one in chain.from_iterable(found)}
        return list(by_address.values())

    def in_range(self, unit: SqlUnitOfWork, kind: str, start: datetime | None, end: datetime | None) -> list[Dated]:
        """See `Contents`."""
        if kind != "event":
            return []
        first, last = (
            (start or datetime(1753, 1, 2, tzinfo=UTC)) - _DAY,
            (end or datetime(9998, 1, 1, tzinfo=UTC)) + _DAY,
        )
        found = []
        for one in self._all(unit):
            born, leaf = born_on(one.born), _leaf(one)
            if born and leaf and falls_between(born[0], first.date(), last.date()):
                begins = datetime.combine(born[0], time.min, UTC)
                found.append(Dated(leaf, begins, None, single=False, floating=True))
        return found

    def texts(self, unit: SqlUnitOfWork, leaves: Sequence[Leaf]) -> dict[str, str]:
        """See `Contents`."""
        found = self._among(unit, [leaf.href for leaf in leaves])
        return {_href(one): text for one in found if (text := _text(one))}

    def _all(self, unit: SqlUnitOfWork) -> list[Birthday]:
        return all_birthdays(unit.session.connection, self._books(unit), self.user_id)

    def _books(self, unit: SqlUnitOfWork) -> list[int]:
        return [book.id for book in collections_of(unit.session.connection, self.user_id, contacts=True)]

    def _among(self, unit: SqlUnitOfWork, hrefs: Iterable[str]) -> list[Birthday]:
        wanted = [int(found[1]) for href in hrefs if (found := _NAME.match(href))]
        return birthdays_among(unit.session.connection, self._books(unit), wanted, self.user_id)


def _href(one: Birthday) -> str:
    return f"{one.item_id}{_END}"


def _text(one: Birthday) -> str:
    """ "" for what is no birthday."""
    born = born_on(one.born)
    return text_of(one.item_id, one.name, born[0], year_known=born[1]) if born else ""


def _leaf(one: Birthday) -> Leaf | None:
    octets = _text(one).encode()
    if not octets:
        return None
    etag = sha256(octets).hexdigest()[:32]
    return Leaf(
        _href(one), etag, len(octets), "event", one.changed_at, one.item_id, 0, one.seq, uid=uid_of(one.item_id)
    )


def _gone(one: Birthday) -> Leaf:
    return Leaf(_href(one), "", 0, "event", one.changed_at, one.item_id, 0, one.seq, deleted=True)
