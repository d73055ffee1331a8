"""Who is in the company: people (not all have a mailbox), groups in groups, and who shares a folder with whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

READ, WRITE = "read", "write"


@dataclass
class Person:
    """An account of the directory."""

    id: str
    name: str
    address: str
    fields: dict[str, Any] = field(default_factory=dict)  # department, accountEnabled, ... as Graph names them


@dataclass
class Group:
    """A distribution list or a security group; members are ids of people and groups."""

    id: str
    name: str
    address: str
    members: list[str] = field(default_factory=list)


class Unknown(Exception):
    """Nobody and nothing has this id or address."""


class Directory:
    """Of one company."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}
        self.shares: dict[tuple[str, str], str] = {}  # address in small letters, collection -> READ or WRITE

    def add_person(self, address: str, name: str = "", **fields: Any) -> Person:
        """Somebody; known addresses stay who they are."""
        known = next((one for one in self.people.values() if one.address.lower() == address.lower()), None)
        if known is None:
            known = Person(_guid(len(self.people), "a"), name or address, address)
            self.people[known.id] = known
        known.fields.update(fields)
        return known

    def add_group(self, address: str, name: str, *members: str) -> Group:
        """Of people and groups, by address or id."""
        made = Group(_guid(len(self.groups), "b"), name, address, [self.find(who).id for who in members])
        self.groups[made.id] = made
        return made

    def remove(self, key: str) -> None:
        """A person or a group goes, from all groups as well."""
        gone = self.find(key).id
        self.people.pop(gone, None)
        self.groups.pop(gone, None)
        for group in self.groups.values():
            group.members = [member for member in group.members if member != gone]

    def find(self, key: str) -> Person | Group:
        """By id or address."""
        everybody: list[Person | Group] = [*self.people.values(), *self.groups.values()]
        for one in everybody:
            if key == one.id or key.lower() == one.address.lower():
                return one
        raise Unknown(key)

    def members(self, group: Group, *, deep: bool = False) -> Iterator[Person | Group]:
        """Each once; deep: those of groups within too, whatever circles there are."""
        seen, waiting = {group.id}, list(group.members)
        while waiting:
            found = self.find(waiting.pop(0))
            if found.id in seen:
                continue
            seen.add(found.id)
            yield found
            if deep and isinstance(found, Group):
                waiting += found.members

    def share(self, collection: str, person: str, rights: str = READ) -> None:
        """Open a folder of somebody to somebody else; rights "": no more."""
        if rights:
            self.shares[person.lower(), collection] = rights
        else:
            self.shares.pop((person.lower(), collection), None)

    def may(self, person: str, collection: str, wanted: str = READ) -> bool:
        """Was it shared, for this?"""
        return self.shares.get((person.lower(), collection)) in {WRITE, wanted}


def _guid(number: int, row: str) -> str:
    return f"{number:08x}-0000-4000-8000-00000000000{row}"
