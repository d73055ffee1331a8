"""A company at Google Workspace: who works there, and the groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

CUSTOMER = "C01agenda"  # the company's id
EVERYBODY = "*"  # as a member of a group: all people of the company


@dataclass
class OrgPerson:
    """Somebody with an account in the company."""

    address: str  # small letters
    number: int
    name: str = ""
    admin: bool = False
    suspended: bool = False
    archived: bool = False
    mailbox: bool = True  # Gmail is set up
    unit: str = "/"
    aliases: tuple[str, ...] = ()


@dataclass
class OrgGroup:
    """A group, by its address."""

    address: str
    number: int
    name: str = ""
    members: dict[str, str] = field(default_factory=dict)  # address, or EVERYBODY: MEMBER, MANAGER or OWNER


class Company:
    """All of it."""

    def __init__(self, *domains: str) -> None:
        self.domains = list(domains)
        self.people: dict[str, OrgPerson] = {}
        self.groups: dict[str, OrgGroup] = {}
        self._made = 100

    def person(self, address: str, name: str = "", **more: object) -> OrgPerson:
        """Who has this address, made if need be, with what `more` says."""
        address = address.lower()
        if address not in self.people:
            self.people[address] = OrgPerson(address, self._number(), address.partition("@")[0].title())
        found = self.people[address]
        for key, value in {**({"name": name} if name else {}), **more}.items():
            setattr(found, key, value)
        return found

    def group(self, address: str, *members: str, name: str = "", role: str = "MEMBER") -> OrgGroup:
        """A group, made if need be, with these members too: people, groups, strangers or EVERYBODY."""
        address = address.lower()
        found = self.groups.setdefault(address, OrgGroup(address, self._number(), name or address.partition("@")[0]))
        found.members |= {one.lower(): role for one in members}
        return found

    def is_ours(self, address: str) -> bool:
        """Is it in a domain of the company?"""
        return address.rpartition("@")[2].lower() in self.domains

    def find(self, key: str) -> OrgPerson | None:
        """By address, alias or number."""
        key = key.lower()
        fits = (one for one in self.people.values() if key in {one.address, str(one.number), *one.aliases})
        return next(fits, None)

    def find_group(self, key: str) -> OrgGroup | None:
        """By address or number."""
        return next((one for one in self.groups.values() if key.lower() in {one.address, str(one.number)}), None)

    def members(self, group: OrgGroup, derived: bool) -> Iterator[tuple[str, str]]:
        """Addresses and roles; with those of the groups in it, which are listed themselves too, each once."""
        seen: set[str] = set()
        waiting = list(group.members.items())
        while waiting:
            address, role = waiting.pop(0)
            if address in seen:
                continue
            seen.add(address)
            yield address, role
            if derived and address in self.groups:
                waiting += [(one, "MEMBER") for one in self.groups[address].members]

    def _number(self) -> int:
        self._made += 1
        return self._made
