"""What some connectors can do besides syncing: asked with ``isinstance``, as those of `sync_engine.ports`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sync_engine.errors import NoAccess
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a mailbox."""

    address: str
    name: str = ""


@runtime_checkable
class Directory(Protocol):
    """A capability: the account can look into the company's directory."""

    def people(self) -> Iterator[Person]:
        """All who have a mailbox, page by page.

        Raises Rejected where the system tells no such list, and AccountErrors; also in the middle.
        """

    def members(self, group: str) -> Iterator[Person]:
        """All who are in a group (by its address), also through groups in it, each once.

        Raises Rejected when there is no such group, and AccountErrors; also in the middle.
        """


@runtime_checkable
class PartlyClosed(Protocol):
    """A capability: some of the system's services may be closed to the account while others are open."""

    @property
    def closed(self) -> Sequence[NoAccess]:
        """Why what was missing in the last answer of `collections` was missing; nothing when all was open."""


@runtime_checkable
class MakesCollections(Protocol):
    """A capability: a folder can be made in the mailbox."""

    def make_collection(self, name: str, kinds: frozenset[Kind]) -> RemoteCollection:
        """The collection of this name for these kinds: the one that is there, else a new one. Never a second one.

        Raises Rejected when the mailbox cannot hold such a collection, and AccountErrors.
        """
