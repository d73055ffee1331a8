"""PROPFIND and PROPPATCH of files and folders (RFC 4918 9.1, 9.2), with quotas (RFC 4331)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dav_gateway.answers import Answer, Refused
from dav_gateway.elements import Element, children, dav, first, href, inner_xml, text
from dav_gateway.files.locked import covers, key_of, must_be_unlocked, must_hold, present_locks
from dav_gateway.files.locking import SUPPORTED, discovery
from dav_gateway.files.tree import ROOT, there
from dav_gateway.leaves import http_date
from dav_gateway.multistatus import multistatus, patched
from dav_gateway.paths import Area, Place
from dav_gateway.privileges import WRITE
from dav_gateway.properties import describe
from dav_gateway.site import Call
from dav_gateway.wanted import Mode, Wanted, must_be, wanted_of
from storage import dav_files
from storage.dav_file_locks import FileLock
from storage.dav_files import Entry, Usage
from storage.unit_of_work import SqlUnitOfWork

MAX_PROPERTIES = 100  # of one file
MAX_KEPT = 64 * 1024  # characters of all of them
_LONGEST_NAME = 400
_OWN = frozenset((dav("displayname"), dav("getcontentlanguage")))  # names of WebDAV that a client may set
_ALWAYS_THERE = tuple(dav(name) for name in ("getcontentlength", "getcontenttype"))  # in allprop, of a file

# ---------------------------------------------------------------- PROPFIND


def propfind(call: Call) -> Answer:
    """The answer to a PROPFIND."""
    if call.depth not in ("", "0", "1"):
        raise Refused(403, "List one level at a time (Depth: 1).", condition="<D:propfind-finite-depth/>")
    call.must_be_ours()
    root = call.xml()
    wanted = wanted_of(None if root is None else must_be(root, dav("propfind")), minimal=call.minimal)
    with call.read() as unit:
        pieces = _area(call, unit, wanted) if not call.place.user else _pieces(call, unit, wanted)
    return multistatus(pieces)


def _area(call: Call, unit: SqlUnitOfWork, wanted: Wanted) -> Iterator[str]:
    """The folder above those of all users: one sees but one's own."""
    listing = _Listing(call, wanted, dav_files.usage_of(unit.session.connection, call.who.user_id), [])
    places = [call.place, Place(Area.FILES, call.who.user)][: 2 if call.depth == "1" else 1]
    return iter([listing.described(place, ROOT, {}) for place in places])


def _pieces(call: Call, unit: SqlUnitOfWork, wanted: Wanted) -> Iterator[str]:
    """Response elements. All that needs the transaction is done when this returns."""
    connection, user = unit.session.connection, call.who.user_id
    entry = there(call, unit)
    used = dav_files.usage_of(connection, user) if _asks_for_quota(wanted) else Usage(0, 0)
    listing = _Listing(call, wanted, used, present_locks(call, unit))
    listed = dav_files.children_of(connection, user, entry.id) if call.depth == "1" and entry.folder else []
    kept = dav_files.properties_of(connection, [entry.id])
    if listed:
        kept |= dav_files.properties_in(connection, user, entry.id)

    def each() -> Iterator[str]:
        yield listing.described(call.place, entry, kept.get(entry.id, {}))
        for child in listed:
            place = replace(call.place, steps=(*call.place.steps, child.name))
            yield listing.described(place, child, kept.get(child.id, {}))

    return each()


def _asks_for_quota(wanted: Wanted) -> bool:
    return any("}quota-" in name for name in wanted.names)


@dataclass(frozen=True, slots=True)
class _Listing:
    """What all response elements of an answer share."""

    call: Call
    wanted: Wanted
    usage: Usage
    locks: list[FileLock]

    def described(self, place: Place, entry: Entry, kept: Mapping[str, str]) -> str:
        """The response element of an entry; `kept` are the properties that clients set."""
        values, wanted = self._values(place, entry), self.wanted
        if dav("displayname") in kept:
            values.pop(dav("displayname"))
        if wanted.mode is Mode.ALL and not entry.folder:
            wanted = replace(wanted, names=tuple(dict.fromkeys((*wanted.names, *_ALWAYS_THERE))))
        path = self.call.address(place)
        return describe(path if entry.folder else path.removesuffix("/"), values, wanted, kept)

    def _values(self, place: Place, entry: Entry) -> dict[str, Callable[[], str | None]]:
        """The live properties."""
        call = self.call
        values: dict[str, Callable[[], str | None]] = {
            dav("resourcetype"): lambda: "<D:collection/>" if entry.folder else "",
            dav("displayname"): lambda: text(entry.name or "Files"),
            dav("current-user-principal"): lambda: href(call.principal()),
            dav("owner"): lambda: href(call.principal()),
            dav("current-user-privilege-set"): lambda: WRITE,
            dav("principal-collection-set"): lambda: href(call.address(Place(Area.PRINCIPALS))),
            dav("supported-report-set"): lambda: "",
            dav("supportedlock"): lambda: SUPPORTED,
            dav("lockdiscovery"): lambda: self._locks_on(place),
        }
        if entry.id:
            values[dav("creationdate")] = lambda: entry.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
            values[dav("getlastmodified")] = lambda: http_date(entry.changed_at.replace(microsecond=0))
        return values | (self._of_folder() if entry.folder else _of_file(entry))

    def _locks_on(self, place: Place) -> str:
        key = key_of(place.steps)
        return discovery(self.call, [lock for lock in self.locks if covers(lock, key)])

    def _of_folder(self) -> dict[str, Callable[[], str | None]]:
        left = max(0, self.call.site.limits.files.total - self.usage.octets)
        return {
            dav("quota-used-bytes"): lambda: str(self.usage.octets),
            dav("quota-available-bytes"): lambda: str(left),
        }


def _of_file(entry: Entry) -> dict[str, Callable[[], str | None]]:
    return {
        dav("getetag"): lambda: f'"{entry.etag}"',
        dav("getcontentlength"): lambda: str(entry.size),
        dav("getcontenttype"): lambda: text(entry.media_type),
    }


# ---------------------------------------------------------------- PROPPATCH


@dataclass(slots=True)
class _Changes:
    """What a client asks for, the last word on each property; and what is refused, with the status."""

    kept: dict[str, str | None] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)


def proppatch(call: Call) -> Answer:
    """The answer to a PROPPATCH: all of the changes are made, or none."""
    call.must_be_ours()
    changes = _read(must_be(call.xml(), dav("propertyupdate")))
    if not (changes.kept or changes.refused):
        raise Refused(400, "The request changes no property.")
    call.write(lambda unit: _change(call, unit, changes))
    return patched(_own_path(call), changes.kept, changes.refused, minimal=call.minimal)


def _own_path(call: Call) -> str:
    path = call.address(call.place)
    return path if call.path.endswith("/") else path.removesuffix("/")


def _read(update: Element) -> _Changes:
    """The set and remove instructions, in order (RFC 4918 9.2)."""
    changes = _Changes()
    for instruction in children(update):
        if instruction.tag not in (dav("set"), dav("remove")):
            continue
        prop = first(instruction, dav("prop"))
        for element in children(prop) if prop is not None else ():
            name = str(element.tag)
            if name.startswith(dav("")) and name not in _OWN:
                changes.refused[name] = 403
            else:
                changes.kept[name] = inner_xml(element) if instruction.tag == dav("set") else None
    return changes


def _change(call: Call, unit: SqlUnitOfWork, changes: _Changes) -> None:
    connection = unit.session.connection
    dav_files.lock_files(connection, call.who.user_id)
    must_be_unlocked(call, must_hold(call, unit))
    entry = there(call, unit)
    if entry.id == 0:
        changes.refused |= dict.fromkeys(changes.kept, 403)  # a user's whole folder has no properties of its own
    old = dav_files.properties_of(connection, [entry.id]).get(entry.id, {})
    new = {name: value for name, value in (old | changes.kept).items() if value is not None}
    if len(new) > MAX_PROPERTIES or sum(map(len, new.values())) > MAX_KEPT or any(len(n) > _LONGEST_NAME for n in new):
        changes.refused |= dict.fromkeys(changes.kept, 507)
    if not changes.refused:
        dav_files.keep_properties(connection, entry.id, changes.kept)
