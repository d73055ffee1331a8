"""How an account's system tells that something may have changed, before it is asked.

What it tells is only a hint: a poll follows, and polls go on as if there were no hints (SYNC.md R28). Nothing that a
notification says is believed but which collection to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

Hint: TypeAlias = frozenset[str]
"""Collections that may have changed, by their ids as `Connector.collections` gives them; of none: all is quiet."""


# ---------------------------------------------------------------- on a connection that we hold open


class Stream(Protocol):
    """A connection on which the system tells of changes. `hints` is for one thread, `close` for any."""

    unheard: frozenset[str]  # collections that it tells nothing of, known once it is connected

    def hints(self) -> Iterator[Hint]:
        """Blocks. All collections once it is connected, and whenever something may have been missed.

        Ends when the server ends the connection as agreed, or after `close`; may be called again, to connect again.
        Raises AccountError, Throttled among them when the server has no connection to spare.
        """

    def close(self) -> None:
        """End it: whoever waits in `hints` goes on at once."""


@runtime_checkable
class Streaming(Protocol):
    """The system tells over a connection that we open and hold (EWS streaming notifications)."""

    def stream(self, collections: Sequence[str]) -> Stream:
        """One connection for all of them; asks nothing yet."""


# ---------------------------------------------------------------- at an address of ours


@dataclass(frozen=True, slots=True)
class Hook:
    """Where the system shall call, and what it shall say there each time."""

    address: str
    secret: str = field(repr=False)
    name: str = ""  # what the subscription may be called where we choose: no other ever has it; up to 64 characters


@dataclass(frozen=True, slots=True)
class Subscription:
    """That the system calls us when a collection changes."""

    id: str
    expires: datetime  # aware UTC
    address: str = ""  # where it calls; "" when the answer did not say


class Event(StrEnum):
    """What a call is about."""

    CHANGED = "changed"
    MISSED = "missed"  # calls were lost
    EXPIRING = "expiring"  # it ends early unless it is renewed now
    REMOVED = "removed"  # it is no more
    BEGUN = "begun"  # it stands, and nothing is said of the collection


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a call says. The secret proves that it is about a subscription of ours."""

    subscription: str
    secret: str = field(repr=False)
    event: Event = Event.CHANGED


@runtime_checkable
class Webhooks(Protocol):
    """The system calls an address of ours (Graph subscriptions, Google's channels).

    Raises errors of `sync_engine.errors`.
    """

    extends: bool  # whether one can be given a later end; else another one is made before it ends

    def subscribe(self, collection: str, hook: Hook, until: datetime) -> Subscription:
        """Have it call; before it answers it may call once, to see that we want it (`challenge`).

        Raises Rejected for collections that the system tells nothing of.
        """

    def renew(self, subscription: str, until: datetime) -> datetime | None:
        """Its new end; None when there is no such subscription any more. Not asked where nothing `extends`."""

    def unsubscribe(self, subscription: str) -> None:
        """No more calls. Already gone is fine."""

    def subscriptions(self) -> Sequence[Subscription]:
        """All that the system keeps for whoever signs in here, those of others with the same app among them.

        Nothing where the system tells no list.
        """

    def named(self, name: str, like: str) -> str:
        """The id of one that was asked for under this name, and the answer was lost; "" where the list would show it.

        `like`: the id of another one, to the same collection.
        """

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """What to answer, as plain text, to a call that only asks whether we want to be called; None for others."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[Notice]:
        """What a call says; names of headers are in small letters. Raises ValueError when it cannot be read."""

    def close(self) -> None:
        """Give back connections."""
