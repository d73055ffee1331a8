"""Which request a mail belongs to (REQUESTS.md 3). Pure: whoever asks has looked everything up.

The order: a Message-ID that we signed; one that we know, where sender or mailbox agree; the mail's own Message-ID, or a
number in the subject, where the sender takes part already; else a new request. What is in doubt becomes a new request
that says "possibly related".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How a request was found."""

    SIGNED = "signed"  # the mail answers a Message-ID that only we can make
    KNOWN = "known"  # it answers a mail that we know
    SAME = "same"  # another mail with its own Message-ID, which says something else
    TOKEN = "token"  # noqa: S105 - the request's number in the subject
    NONE = ""  # there is none: a new request


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request that the mail may belong to."""

    request_id: int
    way: Way
    people: frozenset[str] = frozenset()  # addresses that take part, lower case; the customer's too
    mailboxes: frozenset[str] = frozenset()  # names of those that its mails came to
    is_over: bool = False  # closed for so long that a mail does not open it again


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a mail, as far as its place is concerned."""

    sender: str  # lower case; "" where it is not exactly one address
    mailbox: str  # its name
    candidates: tuple[Candidate, ...]  # in the order of the mail's headers, the newest reference first
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """Where it goes."""

    request_id: int | None  # None: a new request
    way: Way = Way.NONE
    continues: int | None = None  # closed too long ago to be opened again: the new request continues it
    possibly: tuple[int, ...] = ()  # requests that it may have to do with, for a person to tell

    @property
    def trusted(self) -> bool:
        """Whether the sender proved to have got a mail of ours."""
        return self.way is Way.SIGNED


def place(facts: Facts) -> Placement:
    """Total, and the same for the same facts."""
    ordered = sorted(facts.candidates, key=lambda candidate: _ORDER.index(candidate.way))
    found = next((candidate for candidate in ordered if _agrees(candidate, facts)), None)
    doubtful = _ids(candidate for candidate in ordered if found is None or candidate.request_id != found.request_id)
    if found is None:
        return Placement(None, possibly=doubtful)
    if found.is_over and not facts.automatic:  # what a machine wrote opens nothing, so that it can stay with it
        return Placement(None, found.way, continues=found.request_id)
    return Placement(found.request_id, found.way)


_ORDER = (Way.SIGNED, Way.KNOWN, Way.SAME, Way.TOKEN, Way.NONE)


def _agrees(candidate: Candidate, facts: Facts) -> bool:
    takes_part = bool(facts.sender) and facts.sender in candidate.people
    if candidate.way is Way.SIGNED:
        return True
    if candidate.way is Way.KNOWN:
        return takes_part or facts.mailbox in candidate.mailboxes
    return takes_part  # numbers can be guessed, and Message-IDs chosen; some programs give all mails the same one


def _ids(candidates: Iterable[Candidate]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(candidate.request_id for candidate in candidates))
