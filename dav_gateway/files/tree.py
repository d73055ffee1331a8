"""From an address to a file or folder of the signed-in user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from dav_gateway.answers import Refused, not_found
from dav_gateway.paths import DEEPEST
from dav_gateway.preconditions import check, matches
from dav_gateway.site import Call
from storage.dav_files import LONGEST_NAME, Entry, child_of, levels_of
from storage.unit_of_work import SqlUnitOfWork

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
ROOT = Entry(0, 0, "", True, "", "", 0, None, _LONG_AGO, _LONG_AGO)  # the user's own folder, which has no row
_ABOVE = 2  # segments of an address above the first step


@dataclass(frozen=True, slots=True)
class Spot:
    """What is at an address, and the folder that it is in."""

    entry: Entry | None
    folder: Entry | None  # None: there is no such folder

    @property
    def etag(self) -> str | None:
        """The present entity tag; None where nothing is, or a folder, which has none."""
        return self.entry.etag if self.entry is not None and not self.entry.folder else None


def spot_of(call: Call, unit: SqlUnitOfWork) -> Spot:
    """What is at the address of a request. Refuses (404) another user's files."""
    call.must_be_ours()
    entry: Entry | None = ROOT
    folder: Entry | None = None
    for name in call.place.steps:
        if entry is None or not entry.folder:
            return Spot(None, None)
        folder, entry = entry, child_of(unit.session.connection, call.who.user_id, entry.id, name)
    return Spot(entry, folder)


def there(call: Call, unit: SqlUnitOfWork) -> Entry:
    """The file or folder at the address of a request. Refuses (404) where nothing is."""
    entry = spot_of(call, unit).entry
    if entry is None:
        raise not_found()
    return entry


def must_have_folder(spot: Spot) -> Entry:
    """The folder that something new would stand in. Refuses (409) where there is none."""
    if spot.folder is None:
        raise Refused(409, "There is no folder for it: make that first.")
    return spot.folder


def may_write(call: Call, spot: Spot) -> None:
    """Refuses (412) what was meant for another state, and names that are too long."""
    check(call.headers, spot.etag)
    if spot.etag is None and spot.entry is not None and matches(call.headers.get("if-none-match", ""), ""):
        raise Refused(412, "There is a folder at this address already.")
    if len(call.place.steps[-1]) > LONGEST_NAME:
        raise Refused(403, f"Choose a name with at most {LONGEST_NAME} characters.")


def must_not_be_root(call: Call) -> None:
    """Refuses (403) what would move, replace or delete a user's whole folder."""
    if not call.place.steps:
        raise Refused(403, "This folder itself always stays.")


def tree_of(call: Call, unit: SqlUnitOfWork, entry: Entry, *, deep: bool = True) -> list[list[Entry]]:
    """An entry and what is below it (see `levels_of`)."""
    return levels_of(unit.session.connection, call.who.user_id, entry) if deep else [[entry]]


def must_not_be_too_deep(levels: int, call: Call) -> None:
    """Refuses (403) a tree at an address so deep that none of ours would lead to its end."""
    if len(call.place.steps) + levels - 1 > DEEPEST - _ABOVE:
        raise Refused(403, "Folders cannot be nested that deep.")
