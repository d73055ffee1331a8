"""When people have time: nothing but times is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import islice

from crm.activity.times import zone_named
from crm.actor import Actor
from crm.agenda.collection import agenda_if_there
from crm.agenda.expanding import expanded
from crm.agenda.ranges import check_range
from crm.errors import Invalid
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm import agenda_lists
from storage.session import chunks
from storage.unit_of_work import SqlUnitOfWork

_MOST = 5000  # entries of one person
_MOST_USERS = 100


@dataclass(frozen=True, slots=True)
class Busy:
    """A time, from included to not included, UTC."""

    starts_at: datetime
    ends_at: datetime
    tentative: bool


def free_busy(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    users: Sequence[int],
    start: datetime,
    end: datetime,
    *,
    zone: str = "UTC",
) -> Mapping[int, Sequence[Busy]]:
    """Of each user, in order and merged: his own calendars, and the activities of the shared agenda that are his.

    A time of which more is taken up than can be read is told as busy as a whole. Raises `Invalid`, `Forbidden`.
    """
    authorise(actor, "agenda.read")
    check_range(start, end)
    if len(users) > _MOST_USERS:
        raise Invalid(f"At most {_MOST_USERS} people can be asked about at once.")
    place = zone_named(zone)
    agenda = agenda_if_there(unit, settings)
    return {user: _busy(unit, user, agenda, start, end, place) for user in dict.fromkeys(users)}


def _busy(
    unit: SqlUnitOfWork, user: int, agenda: int | None, start: datetime, end: datetime, zone: tzinfo
) -> list[Busy]:
    connection = unit.session.connection
    own = [shelf.id for shelf in agenda_lists.calendars(connection, user, [user], shared=False)]
    entries = [e for n in chunks(own) for e in agenda_lists.events_in(connection, n, start, end, _MOST)]
    if agenda is not None:
        entries += agenda_lists.events_of(connection, agenda, user, start, end, _MOST)
    if len(entries) >= _MOST:
        return [Busy(start, end, tentative=False)]
    found = expanded(unit, entries, start, end, zone, exact=True)
    taken = [one for one in found if not one.free and one.status != "CANCELLED" and one.starts_at < one.ends_at]
    cut = [Busy(max(o.starts_at, start), min(o.ends_at, end), o.status == "TENTATIVE") for o in taken]
    return merged(cut)


def merged(times: Iterable[Busy]) -> list[Busy]:
    """In order and without overlaps; where something certain overlaps what is not, that time is certainly taken."""
    listed = list(times)
    certain = _joined([one for one in listed if not one.tentative])
    maybe = _without(_joined([one for one in listed if one.tentative]), certain)
    return sorted([*certain, *maybe], key=lambda one: one.starts_at)


def _joined(times: Iterable[Busy]) -> list[Busy]:
    found: list[Busy] = []
    for one in sorted(times, key=lambda busy: busy.starts_at):
        if found and one.starts_at <= found[-1].ends_at:
            found[-1] = replace(found[-1], ends_at=max(found[-1].ends_at, one.ends_at))
        else:
            found.append(one)
    return found


def _without(times: Iterable[Busy], taken: Sequence[Busy]) -> list[Busy]:
    """What is left of the first; both are in order and without overlaps."""
    found: list[Busy] = []
    first = 0
    for one in times:
        begin = one.starts_at
        while first < len(taken) and taken[first].ends_at <= begin:
            first += 1
        for other in islice(taken, first, None):
            if other.starts_at >= one.ends_at:
                break
            if begin < other.starts_at:
                found.append(replace(one, starts_at=begin, ends_at=other.starts_at))
            begin = max(begin, other.ends_at)
        if begin < one.ends_at:
            found.append(replace(one, starts_at=begin))
    return found
