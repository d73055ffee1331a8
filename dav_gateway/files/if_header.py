"""The If header (RFC 4918 10.4): lists of entity tags and state tokens, of which one must hold. Pure.

There are no locks, so no state token is one of ours: a list that asks for one fails, and one that says it must not be
there holds.
"""

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
    etag: str  # with its quotes; "" for a state token


class List(NamedTuple):
    """Conditions that must hold together."""

    tag: str  # the resource they are about; "" for that of the request
    conditions: tuple[Condition, ...]


def holds(header: str, etag_of: Callable[[str], str | None]) -> bool:
    """Whether one of the lists holds. `etag_of` gives the entity tag of a resource ("" for that of the request).

    Refuses (400) what is no If header.
    """
    for one in _lists(header):
        present = etag_of(one.tag)
        if all(_is_so(condition, present) for condition in one.conditions):
            return True
    return False


def _is_so(condition: Condition, present: str | None) -> bool:
    same = bool(condition.etag) and present is not None and condition.etag == f'"{present}"'
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
            conditions.append(Condition(negated, etag))
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
