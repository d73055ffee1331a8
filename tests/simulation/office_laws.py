"""What must hold when all phones have synced: nothing is lost, doubled, leaked or brought back."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from dav_gateway.scheduling.delivery import event_of
from dav_gateway.scheduling.itip_share import is_attended, is_organized, share
from dav_gateway.scheduling.itip_told import answer_of
from dav_gateway.scheduling.people import attendee, keys_of
from storage import dav_scheduling as store
from storage.dav_scheduling import Copy
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import Event
from sync_engine.recurrence import expanded
from tests.servers.gateway import Hub
from tests.simulation.office_phones import SyncingPhone
from tests.simulation.office_steps import NAMES, Known
from tests.simulation.office_texts import OWN, SECRET, uid_of, unfolded

_FROM, _TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
Times = dict[datetime, tuple[datetime, datetime, str, str]]


def check_phones(phones: list[SyncingPhone]) -> None:
    """Every phone shows what is there."""
    for phone in phones:
        phone.sync()
    for phone in phones:
        fresh = phone.fresh()
        shown = {address: kept.shown for address, kept in phone.calendars.items()}
        assert shown.keys() == fresh.keys(), phone.user
        for address, expected in fresh.items():
            assert shown[address] == expected, (phone.user, address)


def check_secrets(phones: list[SyncingPhone], known: Known) -> None:
    """Nobody reads what is another's."""
    for phone in phones:
        for address, kept in phone.calendars.items():
            for href, (_, shown) in kept.shown.items():
                text = unfolded(shown)
                for word in re.findall(rf"{SECRET}-\w+-\d+", text):
                    assert phone.user in known.readers[word], ("a secret", phone.user, href, text)
                own = address.startswith(f"/dav/calendars/{phone.user}/") and "team" not in address
                if own and ("~" not in address or "~inbox" in address) and uid_of(text) not in known.mixed:
                    strange = [one for one in NAMES if one != phone.user and f"{OWN}-{one}" in text]
                    assert not strange, ("another's own words", phone.user, href, text)


def check_meetings(hub: Hub, known: Known) -> None:
    """An organiser and his guests have the same meeting."""
    with hub.database.read() as unit:
        found = {name: _tied(unit, name) for name in NAMES}
        for name in NAMES:
            keys = _keys(name)
            uids = [event.uid for _, event in found[name]]
            assert len(uids) == len(set(uids)), ("doubled", name, uids)
            for copy, event in found[name]:
                if is_organized(event, keys):
                    for guest in NAMES:
                        if guest != name and not known.loose & {(event.uid, guest), (event.uid, name)}:
                            _check_pair(event, guest, [e for _, e in found[guest] if e.uid == event.uid], copy.text)
                elif is_attended(event, keys) and event.uid not in known.mixed and (event.uid, name) not in known.loose:
                    _check_not_orphaned(event, name, found, known, copy)


def _check_pair(event: Event, guest: str, copies: list[Event], text: str) -> None:
    mine = share(event, f"{guest}@example.org")
    wanted = _times(mine, guest)
    his = _times(copies[0], guest) if copies else {}
    for at, told in wanted.items():
        if at in his:
            assert his[at] == told, ("they disagree", guest, told, his[at], text, copies)
        else:
            assert told[-1] == "DECLINED", ("lost", guest, at, told, text, copies)
    assert his.keys() <= wanted.keys(), ("too many", guest, sorted(his.keys() - wanted.keys()), text, copies)


def _check_not_orphaned(
    event: Event, name: str, found: dict[str, list[tuple[Copy, Event]]], known: Known, copy: Copy
) -> None:
    owner = next(one for one in NAMES if is_organized(event, _keys(one)))
    has = any(one.uid == event.uid and is_organized(one, _keys(owner)) for _, one in found[owner])
    assert has or (event.uid, owner) in known.loose or not _times(event, name), ("orphan", name, owner, copy.text)


def _times(event: Event | None, guest: str) -> Times:
    if event is None:
        return {}
    found: Times = {}
    for one in expanded(event, _FROM, _TO, UTC, None):
        if one.details.status != "CANCELLED":
            user = attendee(one.details, _keys(guest))  # type: ignore[arg-type]
            found[one.original] = (one.start, one.end, one.details.summary, answer_of(user))
    return found


def _tied(unit: SqlUnitOfWork, name: str) -> list[tuple[Copy, Event]]:
    """The meetings of somebody that are scheduled."""
    connection = unit.session.connection
    person = store.person(connection, name)
    assert person is not None
    tied = [
        copy
        for desk in store.desks(connection, person.id)
        if desk.schedules
        for copy in store.scheduled(connection, desk.id)
    ]
    read = [(copy, event_of(copy, uid_of(unfolded(copy.text)))) for copy in tied]
    return [(copy, event) for copy, event in read if event is not None]


def _keys(name: str) -> frozenset[str]:
    return keys_of(name, f"{name}@example.org")
