"""A system that the hub is bound to, as the tests of the rules (SYNC.md) see it and spoil it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from sync_engine.model import Kind
from tests.faults import Script
from tests.integration.rules.person import Person

HTML = b"<html><body>Please sign in to the network.</body></html>"
LIES = ("html", "nothing", "cut", "507", "503", "404")
"""What is no listing."""


class System(ABC):
    """One collection, a server of its own with the person whose it is, and the connector to it."""

    name: ClassVar[str]
    last_step: ClassVar[tuple[type, str]]
    """Class and method of the last step of a write that takes several."""

    quiet_organizer: ClassVar[bool]
    """Whether a meeting can be changed there without a mail to anybody."""

    kind: Kind
    person: Person
    place: str
    """The id of the collection."""

    connector: Any
    idle: str
    """The only request of a cycle in which nothing changes."""

    # ------------------------------------------------------------ what it was asked

    @abstractmethod
    def asked(self) -> list[str]:
        """Operations, since the last time one asked."""

    @abstractmethod
    def writes(self) -> int:
        """How many that change something, since the last time one asked; those in a batch one by one."""

    @abstractmethod
    def sent(self) -> list[set[str]]:
        """The names of what each of these writes said, since the last time one asked for them."""

    @property
    @abstractmethod
    def remark(self) -> str:
        """The name under which `Person.remark` is sent."""

    # ------------------------------------------------------------ connectors

    @abstractmethod
    def another(self, **settings: Any) -> Any:
        """A further connector to the same collection; as of a new process."""

    # ------------------------------------------------------------ what goes wrong

    @abstractmethod
    def forget(self) -> None:
        """It does not know any more where we were."""

    def forget_otherwise(self) -> None:
        """The same, said in another way where there is one."""
        self.forget()

    def remember(self) -> None:  # noqa: B027 - most forget once
        """It forgets no more."""

    @abstractmethod
    def lie(self, what: str) -> None:
        """Something in between answers instead, to all that reads: one of `LIES`."""

    @abstractmethod
    def honest(self) -> None:
        """It answers by itself again."""

    @abstractmethod
    def lose(self, count: int) -> None:
        """The answer to the write that is the n-th from now gets lost, after it was done; 0: to none."""

    @abstractmethod
    def refuse(self, title: str, new: str) -> None:
        """It takes no change of the item with this title, to whom another one shall be given."""

    @abstractmethod
    def relent(self) -> None:
        """It does again."""

    @abstractmethod
    def busy(self, seconds: int) -> None:
        """The next request is told to wait so long."""

    def late(self, lag: bool) -> None:  # noqa: B027 - many show at once what was written
        """Listings do not show, or show again, what was written in the last half hour."""

    def turn_clock(self, days: int) -> None:  # noqa: B027 - for most no day is like another
        """Its clock, and the connector's."""

    @abstractmethod
    def mortal(self, script: Script) -> AbstractContextManager[None]:
        """Requests of this process end with the script's crash; the server lives on."""


Opening = Callable[[Kind], AbstractContextManager[System]]
