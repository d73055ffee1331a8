"""COPY and MOVE of files and folders (RFC 4918 9.8, 9.9): within the files of one user."""

from __future__ import annotations

from dataclasses import replace

from dav_gateway.answers import Answer, Refused
from dav_gateway.destination import destination, overwrites
from dav_gateway.files.locked import must_be_unlocked, must_hold, of_tree
from dav_gateway.files.tree import (
    Spot,
    may_write,
    must_have_folder,
    must_not_be_root,
    must_not_be_too_deep,
    spot_of,
    there,
    tree_of,
)
from dav_gateway.files.writing import must_fit
from dav_gateway.paths import Area
from dav_gateway.preconditions import check
from dav_gateway.site import Call
from storage.dav_file_locks import remove_locks
from storage.dav_files import Entry, copy_entries, delete_entries, lock_files, move_entry
from storage.unit_of_work import SqlUnitOfWork


def answer(call: Call) -> Answer:
    """The answer to COPY and MOVE: 201 where the destination is new, 204 where it gave way."""
    call.must_be_ours()
    at = destination(call)
    if at.place.area is not Area.FILES:
        raise Refused(403, "A file can only be copied or moved among files.")
    at.must_be_ours()
    must_not_be_root(call)
    must_not_be_root(at)
    _must_be_apart(call.place.steps, at.place.steps)
    created = call.write(lambda unit: _work(call, at, unit))
    return Answer(201 if created else 204)


def _must_be_apart(source: tuple[str, ...], target: tuple[str, ...]) -> None:
    shorter = min(len(source), len(target))
    if source[:shorter] == target[:shorter]:
        raise Refused(403, "A folder cannot be put into itself, nor in the place of one that it is in.")


def _work(call: Call, at: Call, unit: SqlUnitOfWork) -> bool:
    """Do it; tells whether the destination is new."""
    lock_files(unit.session.connection, call.who.user_id)
    locks = must_hold(call, unit)
    source = there(call, unit)
    check(call.headers, source.etag or None)
    spot = spot_of(at, unit)
    folder = must_have_folder(spot)
    moves = call.method == "MOVE"
    tree = tree_of(call, unit, source, deep=moves or _is_deep(call))
    must_not_be_too_deep(len(tree), at)
    if moves:
        must_be_unlocked(call, locks, tree=True, member=True)
    must_be_unlocked(at, locks, tree=True, member=True)
    _make_room(call, at, unit, spot)
    if moves:
        remove_locks(unit.session.connection, of_tree(call, locks))
        move_entry(unit.session.connection, source, folder.id, at.place.steps[-1])
    else:
        _copy(at, unit, tree, folder)
    return spot.entry is None


def _is_deep(call: Call) -> bool:
    if call.depth not in ("", "0", "infinity"):
        raise Refused(400, "A folder is copied with all that is in it, or with nothing (Depth: infinity or 0).")
    return call.depth != "0"


def _make_room(call: Call, at: Call, unit: SqlUnitOfWork, spot: Spot) -> None:
    if spot.entry is None:
        may_write(_without_conditions(at), spot)
        return
    if not overwrites(call):
        raise Refused(412, "There is something at the destination already.")
    delete_entries(unit.session.connection, tree_of(at, unit, spot.entry))


def _without_conditions(at: Call) -> Call:
    """If-Match speaks of the source, not of where it leads to."""
    headers = {name: value for name, value in at.headers.items() if not name.startswith("if-")}
    return replace(at, headers=headers)


def _copy(at: Call, unit: SqlUnitOfWork, tree: list[list[Entry]], folder: Entry) -> None:
    entries = [entry for level in tree for entry in level]
    must_fit(at, unit, octets=sum(entry.size for entry in entries), files=len(entries))
    copy_entries(unit.session.connection, at.who.user_id, tree, folder.id, at.place.steps[-1], at.now)
