"""The If header (RFC 4918 10.4): lists of entity tags and lock tokens, of which one must hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from dav_gateway.answers import Refused

_TOKEN = re.compile(r'\s*(?:(\()|(\))|(Not)\b|<([^>]*)>|\[\s*((?:W/)?"[^"]*")\s*\])', re.IGNORECASE)
_LONGEST = 8192  # characters


class Condition(NamedTuple):
    """One condition in a list."""

    negated: bool
    etag: str  # with its quotes; "" for a token
    token: str  # of a lock


class List(NamedTuple):
    """Conditions that must hold together."""

    tag: str  # the resource they are about; "" for that of the request
    conditions: tuple[Condition, ...]


class State(NamedTuple):
    """What a resource is in."""

    etag: str | None  # without quotes; None: it has none, or is not there
    tokens: frozenset[str]  # of the locks on it


def holds(header: str, state_of: Callable[[str], State]) -> bool:
    """Whether one of the lists holds. `state_of` is asked about resources by address ("" for that of the request).

    Refuses (400) what is no If header.
    """
    for one in list(_lists(header)):
        present = state_of(one.tag)
        if all(_is_so(condition, present) for condition in one.conditions):
            return True
    return False


def submitted(header: str) -> frozenset[str]:
    """The lock tokens that a client shows it knows."""
    found = (condition for one in _lists(header) for condition in one.conditions) if header else ()
    return frozenset(condition.token for condition in found if condition.token)


def _is_so(condition: Condition, present: State) -> bool:
    if condition.token:
        return (condition.token in present.tokens) != condition.negated
    same = present.etag is not None and condition.etag == f'"{present.etag}"'
    return same != condition.negated


def _lists(header: str) -> Iterator[List]:
    tag, conditions, negated, inside = "", list[Condition](), False, False
    found = False
    for opens, closes, word, address, etag in _tokens(header):
        if opens and not inside:
            inside, conditions = True, []
        elif closes and inside and conditions and not negated:
            inside, found = False, True
            yield List(tag, tuple(conditions))
        elif word and inside and not negated:
            negated = True
        elif inside and (address or etag):
            conditions.append(Condition(negated, etag, address))
            negated = False
        elif address and not inside:
            tag = address
        else:
            raise _odd()
    if inside or not found:
        raise _odd()


def _tokens(header: str) -> Iterator[tuple[str, ...]]:
    if len(header) > _LONGEST:
        raise _odd()
    at, end = 0, len(header.rstrip())
    while at < end:
        token = _TOKEN.match(header, at)
        if token is None:
            raise _odd()
        at = token.end()
        yield tuple(group or "" for group in token.groups())


def _odd() -> Refused:
    return Refused(400, "The header If cannot be read.")
