"""Push-Dont-Notify: a client that changes something need not be woken for it (draft-bitfire-webdav-push 4.2).

An asterisk silences all devices of this user, not those of others: how quickly a colleague learns of a change is not
for the one who makes it to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from dav_gateway.paths import Area, place_of_href
from storage.dav_push import pass_over
from storage.unit_of_work import SqlUnitOfWork

Result = TypeVar("Result")

HEADER = "push-dont-notify"
_QUOTED = re.compile(r'"([^"]{1,2000})"')
_MOST = 100  # addresses in one header


def silenced(headers: Mapping[str, str], user: str, prefix: str) -> frozenset[str] | None:
    """Names of registrations that shall not be told; None for all of the user's. Others' addresses are passed over."""
    written = headers.get(HEADER, "").strip()
    if written == "*":
        return None
    places = (place_of_href(url, "/", prefix) for url in _QUOTED.findall(written)[:_MOST])
    return frozenset(place.slug for place in places if place and place.area is Area.PUSH and place.user == user)


def quietly(
    work: Callable[[SqlUnitOfWork], Result], headers: Mapping[str, str], user_id: int, user: str, prefix: str
) -> Callable[[SqlUnitOfWork], Result]:
    """The same work, after which what it changed counts as told to the silenced, in the same transaction."""
    names = silenced(headers, user, prefix)

    def both(unit: SqlUnitOfWork) -> Result:
        done = work(unit)
        for collection, (was, seq) in unit.session.moved().items():
            pass_over(unit.session.connection, user_id, collection, was, seq, names)
        return done

    return both if names is None or names else work
