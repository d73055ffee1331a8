"""What locks forbid (RFC 4918 6 and 7): changes by those who do not show the token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dav_gateway.answers import Refused
from dav_gateway.elements import href
from dav_gateway.files import if_header
from dav_gateway.files.if_header import State
from dav_gateway.files.tree import spot_of
from dav_gateway.paths import Area, Place, encoded
from dav_gateway.site import Call
from storage.dav_file_locks import FileLock, locks_of
from storage.unit_of_work import SqlUnitOfWork


def key_of(steps: Sequence[str]) -> str:
    """The path of a file, as locks name it."""
    return "/".join(map(encoded, steps))


def covers(lock: FileLock, key: str) -> bool:
    """Whether a lock is on this file or folder."""
    return lock.path == key or (lock.deep and _is_below(key, lock.path))


def _is_below(key: str, folder: str) -> bool:
    return key.startswith(f"{folder}/") if folder else bool(key)


def present_locks(call: Call, unit: SqlUnitOfWork) -> list[FileLock]:
    """All locks on the user's files."""
    return locks_of(unit.session.connection, call.who.user_id, call.now)


def must_hold(call: Call, unit: SqlUnitOfWork) -> list[FileLock]:
    """Refuses (412) a request whose If header does not hold; gives all locks on the user's files."""
    locks = present_locks(call, unit)
    header = call.headers.get("if", "")
    if header and not if_header.holds(header, lambda tag: _state(call, unit, locks, tag)):
        raise Refused(412, "It was changed meanwhile, or is not locked as you think; read it again.")
    return locks


def must_be_unlocked(call: Call, locks: Iterable[FileLock], *, tree: bool = False, member: bool = False) -> None:
    """Refuses (423) what a lock forbids.

    `member`: the change adds the file to its folder, or takes it away; `tree`: it is about all below it too.
    """
    shown = if_header.submitted(call.headers.get("if", ""))
    key = key_of(call.place.steps)
    folder = key_of(call.place.steps[:-1])
    in_the_way: dict[str, list[FileLock]] = {}
    for lock in locks:
        of_folder = member and bool(call.place.steps) and covers(lock, folder)
        if covers(lock, key) or of_folder or (tree and _is_below(lock.path, key)):
            in_the_way.setdefault(lock.path, []).append(lock)
    for path, those in in_the_way.items():
        if not any(lock.token in shown for lock in those):  # one of those that share it will do
            raise locked(call, path)


def locked(call: Call, path: str, condition: str = "lock-token-submitted") -> Refused:
    """The refusal for a lock on a path."""
    root = href(root_of(call, path))
    sentence = "Another program works on it and has locked it; try again later."
    return Refused(423, sentence, condition=f"<D:{condition}>{root}</D:{condition}>")


def root_of(call: Call, path: str) -> str:
    """The address of what a lock was put on."""
    return call.address(Place(Area.FILES, call.who.user)) + path


def _state(call: Call, unit: SqlUnitOfWork, locks: Sequence[FileLock], tag: str) -> State:
    place = call.place_of(tag) if tag else call.place
    if place is None or place.area is not Area.FILES or place.user != call.who.user:
        return State(None, frozenset())
    key = key_of(place.steps)
    tokens = frozenset(lock.token for lock in locks if covers(lock, key))
    return State(spot_of(replace(call, place=place), unit).etag, tokens)


def of_tree(call: Call, locks: Iterable[FileLock]) -> list[str]:
    """The tokens of locks on what is about to go: on it and below it."""
    key = key_of(call.place.steps)
    return [lock.token for lock in locks if lock.path == key or _is_below(lock.path, key)]
