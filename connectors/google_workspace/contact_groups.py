"""Labels: Google's contact groups, which are categories here, or collections that we made.

They are read when something has changed, and once an hour: a label that gets another name changes no contact.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors.google_workspace.contact_person import COLLECTION, SYSTEM_GROUPS, Person, groups_of, hidden
from connectors.google_workspace.contact_turns import Turns
from connectors.google_workspace.failures import Gone
from connectors.google_workspace.lists import listed
from connectors.google_workspace.places import CONTACTS, GROUPS, Place
from connectors.google_workspace.transport import Transport
from sync_engine.errors import CollectionGone, ItemError, OutcomeUnknown, Unavailable, VersionConflict

_POSSIBLE = re.compile(r"[\w.~-]+", re.ASCII)  # ids that Google takes a question for
_LABEL = "USER_CONTACT_GROUP"
_FIELDS = "name,groupType,clientData,metadata"
_PAGE = 1000  # the most that Google gives
_FRESH = 3600.0  # seconds
_SHOWN = 60.0  # seconds for which a label that was made, or seen, is taken to be there though no list shows it
_BEHIND = 600.0  # seconds for which lists may not show a label; it is asked for by itself then (P5, P10)
_TOGETHER = 200  # labels in one request, the most that Google takes
_CERTAIN = 60.0  # seconds for which a label that was listed is taken to be there, before a write
_ANEW = 600.0  # seconds after which a name that Google did not take is tried again


class Groups:
    """The labels of one user, as they were read last."""

    def __init__(self, transport: Transport, turns: Turns, now: Callable[[], float] = time.time) -> None:
        self._transport = transport
        self._turns = turns
        self._now = now
        self._at = 0.0  # when they were read, seconds since 1970; 0: never
        self._names: dict[str, str] = {}  # of labels that are categories, by id
        self._marked: dict[str, str] = {}  # of those that are collections
        self._marks: dict[str, str] = {}  # by their ids: what stands in the mark, also of each contact made in it
        self._own: dict[str, tuple[str, float]] = {}  # by id: the name, and when we made or saw it; unlisted so far
        self._system: set[str] = set()  # how Google's own groups are called, in small letters
        self._others: set[str] = set()  # groups that somebody is in, and that are no labels
        self._alias: dict[str, str] = {}  # by name: a label that Google takes for the same
        self._refused: dict[str, float] = {}  # names that Google did not take, and when
        self._taken: dict[str, float] = {}  # names that are taken by what no list shows, and since when

    # ------------------------------------------------------------ reading

    def refresh(self) -> None:
        """Read them now. Raises the errors of a read."""
        names: dict[str, str] = {}
        marked: dict[str, str] = {}
        marks: dict[str, str] = {}
        asked = {"groupFields": _FIELDS, "pageSize": _PAGE}
        system: set[str] = set()
        for one in listed(self._transport, self._transport.people.contactGroups(), asked, "contactGroups"):
            if _is_label(one):
                group, mark = str(one["resourceName"]), hidden(one, COLLECTION)
                (marked if mark else names)[group] = str(one.get("name") or "")
                marks |= {group: mark} if mark else {}
            else:
                system |= {str(one.get(part) or "").casefold() for part in ("name", "formattedName")}
        self._at = self._now()
        self._names, self._marked, self._marks, self._system = names, marked, marks, system
        self._add_unlisted()

    def _add_unlisted(self) -> None:
        """Lists may be minutes behind (P5): labels that we made or saw are there as long as Google does not deny it."""
        ages = {group: self._now() - at for group, (_, at) in self._own.items() if group in self._unknown({group})}
        self._own = {group: self._own[group] for group, age in ages.items() if age < _BEHIND}
        self._names |= {group: name for group, (name, _) in self._own.items() if ages[group] < _SHOWN}
        self._see(sorted(self._own.keys() - self._names.keys()))

    def see(self, people: Iterable[Person]) -> None:
        """Ask for labels that somebody is in and that no list shows. Raises the errors of a read."""
        self._see(sorted(self._unknown({group for person in people for group in groups_of(person)} - self._no_labels)))

    @property
    def _no_labels(self) -> frozenset[str]:
        return SYSTEM_GROUPS | self._others

    def _see(self, groups: Sequence[str]) -> None:
        """By their ids: what is no label is remembered as such."""
        for start in range(0, len(groups), _TOGETHER):
            some = groups[start : start + _TOGETHER]
            request = self._transport.people.contactGroups().batchGet(resourceNames=some, groupFields=_FIELDS)
            try:
                answers = self._transport.ask(request, writing=False).get("responses") or ()
            except Gone:
                continue
            for one in answers:
                self._seen(str(one.get("requestedResourceName")), one.get("contactGroup") or {})
        self._others |= self._unknown(set(groups))

    def _seen(self, group: str, told: Mapping[str, Any]) -> None:
        if not _is_label(told):
            self._own.pop(group, None)
        elif mark := hidden(told, COLLECTION):
            self._marked[group], self._marks[group] = str(told.get("name") or ""), mark
        else:
            self._names[group] = name = str(told.get("name") or "")
            self._own.setdefault(group, (name, self._now()))

    def learn(self, people: Iterable[Person]) -> None:
        """Read them if somebody is in one that is not known, or if that was long ago."""
        found = {group for person in people for group in groups_of(person)} - self._no_labels
        if self._unknown(found) or (found and self._now() - self._at > _FRESH):
            self.refresh()
            self._see(sorted(self._unknown(found)))

    def _unknown(self, groups: set[str]) -> set[str]:
        return groups - self._names.keys() - self._marked.keys()

    def categories(self, place: Place) -> Mapping[str, str]:
        """The names of labels that are categories, by id. A collection's own label is none in it."""
        return {group: name for group, name in self._names.items() if group != place.collection}

    def names_of(self, place: Place, person: Person) -> list[str]:
        """The categories of one person."""
        found = groups_of(person)
        return [name for group, name in self.categories(place).items() if group in found]

    @property
    def at(self) -> float:
        """When they were read, seconds since 1970; 0: never."""
        return self._at

    @property
    def names(self) -> Mapping[str, str]:
        """Of all labels that nobody made a collection of, by id."""
        return self._names

    @property
    def collections(self) -> Mapping[str, str]:
        """The names of labels that are collections of ours, by id."""
        return self._marked

    def mark_of(self, place: Place) -> str:
        """What is hidden on the contacts that are made in a collection of ours; "" in any other."""
        if place.sort != GROUPS:
            return ""
        if not self._at:
            self.refresh()
        return self._marks.get(place.collection, "")

    def has(self, place: Place, person: Person) -> bool:
        """Whether somebody is in a collection. What was made in one of ours is not offered a second time."""
        found = groups_of(person)
        if place.sort == GROUPS:
            return place.collection in found
        return place.sort != CONTACTS or not (found & self._marked.keys() or hidden(person, COLLECTION))

    def has_lost(self, place: Place, person: Person) -> bool:
        """Whether somebody was made in a collection and is not shown in it: it may have got its label back just now."""
        mark = self.mark_of(place)
        return bool(mark) and hidden(person, COLLECTION) == mark and not self.has(place, person)

    def require(self, place: Place) -> None:
        """That the label of a collection is there. Raises CollectionGone when Google says clearly that it is not."""
        if place.sort != GROUPS or place.collection in SYSTEM_GROUPS:
            return
        if place.collection in self._names.keys() | self._marked.keys():
            return
        if not _POSSIBLE.fullmatch(place.id) or not self._is_there(place):
            raise CollectionGone(f"There is no label {place.id!r} at Google any more; bind another collection.")

    def _is_there(self, place: Place) -> bool:
        """Asked for by itself: that a list does not show it proves nothing (SYNC.md R01)."""
        groups = self._transport.people.contactGroups()
        try:
            found = self._transport.ask(groups.get(resourceName=place.collection, groupFields=_FIELDS))
        except Gone:
            return False
        mark, name = hidden(found, COLLECTION), str(found.get("name") or "")
        (self._marked if mark else self._names)[place.collection] = name
        self._marks |= {place.collection: mark} if mark else {}
        return _is_label(found)

    # ------------------------------------------------------------ making

    def ids_of(self, names: Iterable[str]) -> frozenset[str]:
        """The labels of these names; missing ones are made. What Google takes for no label stays in the hub."""
        wanted = sorted({name for name in names if name.strip()})
        if wanted and self._now() - self._at > _CERTAIN:
            self.refresh()
        return frozenset(group for name in wanted for group in self._id_of(name))

    def known_ids(self, names: Iterable[str]) -> frozenset[str]:
        """The labels of these names that are there."""
        return frozenset(group for name in names if (group := self._found(name)) is not None)

    def _id_of(self, name: str) -> Iterator[str]:
        group = self._found(name)
        if group is None and self._now() - self._refused.get(name, -_ANEW) >= _ANEW:
            group = self._made(name)
            if group is None:
                self._refused[name] = self._now()
        if group is not None:
            yield group

    def _made(self, name: str) -> str | None:
        body = {"contactGroup": {"name": name}, "readGroupFields": _FIELDS}
        try:
            found = self._turns.ask(self._transport.people.contactGroups().create(body=body))
        except ItemError as err:  # it is there by now, or Google has a group of its own of this name
            self.refresh()
            self._alias[name] = self._alike(name)
            if self._found(name) is None and isinstance(err, VersionConflict) and self._may_come(name):
                message = "Google does not show a label yet that is there; it is tried again soon."
                raise Unavailable(message, server_said=err.server_said) from err
            return self._found(name)
        except OutcomeUnknown as err:
            message = "Google did not say whether it made a label; it is looked for again."
            raise Unavailable(message, server_said=err.server_said) from err
        return self._noted(found)

    def _may_come(self, name: str) -> bool:
        """Whether lists may show a label later whose name is taken: without it a category would not be written."""
        if name.strip().casefold() in self._system:
            return False
        return self._now() - self._taken.setdefault(name, self._now()) < _BEHIND

    def _noted(self, group: Mapping[str, Any]) -> str:
        made, name = str(group["resourceName"]), str(group.get("name") or "")
        self._names[made] = name
        self._own[made] = (name, self._now())
        return made

    def _found(self, name: str) -> str | None:
        exact = next((group for group, one in self._names.items() if one == name), None)
        alias = self._alias.get(name)
        return exact or (alias if alias in self._names else None)

    def _alike(self, name: str) -> str:
        folded = name.strip().casefold()
        return next((group for group, one in self._names.items() if one.strip().casefold() == folded), "")


def _is_label(group: Mapping[str, Any]) -> bool:
    return group.get("groupType") == _LABEL and not (group.get("metadata") or {}).get("deleted")
