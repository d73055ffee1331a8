"""PROPFIND and PROPPATCH of files and folders (RFC 4918 9.1, 9.2), with quotas (RFC 4331)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from dav_gateway.answers import Answer, Refused
from dav_gateway.elements import Element, children, dav, empty, first, href, inner_xml, propstat, response, text
from dav_gateway.files.tree import ROOT, must_hold, path_of, there
from dav_gateway.leaves import http_date
from dav_gateway.multistatus import multistatus
from dav_gateway.paths import Area, Place
from dav_gateway.privileges import WRITE
from dav_gateway.properties import describe
from dav_gateway.site import Call
from dav_gateway.wanted import Mode, Wanted, must_be, wanted_of
from storage import dav_files
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
    usage = partial(dav_files.usage_of, unit.session.connection, call.who.user_id)
    places = [call.place, Place(Area.FILES, call.who.user)][: 2 if call.depth == "1" else 1]
    return iter([_described(call, call.address(place), ROOT, wanted, {}, usage) for place in places])


def _pieces(call: Call, unit: SqlUnitOfWork, wanted: Wanted) -> Iterator[str]:
    """Response elements. All that needs the transaction is done when this returns."""
    connection, user = unit.session.connection, call.who.user_id
    entry = there(call, unit)
    used = dav_files.usage_of(connection, user) if _asks_for_quota(wanted) else Usage(0, 0)
    listed = dav_files.children_of(connection, user, entry.id) if call.depth == "1" and entry.folder else []
    kept = dav_files.properties_of(connection, [entry.id])
    if listed:
        kept |= dav_files.properties_in(connection, user, entry.id)

    def each() -> Iterator[str]:
        yield _described(call, path_of(call, entry), entry, wanted, kept.get(entry.id, {}), lambda: used)
        for child in listed:
            path = path_of(call, child, child.name)
            yield _described(call, path, child, wanted, kept.get(child.id, {}), lambda: used)

    return each()


def _asks_for_quota(wanted: Wanted) -> bool:
    return any("}quota-" in name for name in wanted.names)


def _described(
    call: Call, path: str, entry: Entry, wanted: Wanted, kept: Mapping[str, str], usage: Callable[[], Usage]
) -> str:
    values = _values(call, entry, usage)
    if dav("displayname") in kept:
        values.pop(dav("displayname"))
    if wanted.mode is Mode.ALL and not entry.folder:
        wanted = replace(wanted, names=tuple(dict.fromkeys((*wanted.names, *_ALWAYS_THERE))))
    return describe(path, values, wanted, kept)


def _values(call: Call, entry: Entry, usage: Callable[[], Usage]) -> dict[str, Callable[[], str | None]]:
    """The live properties."""
    principal = href(call.principal())
    values: dict[str, Callable[[], str | None]] = {
        dav("resourcetype"): lambda: "<D:collection/>" if entry.folder else "",
        dav("displayname"): lambda: text(entry.name or "Files"),
        dav("current-user-principal"): lambda: principal,
        dav("owner"): lambda: principal,
        dav("current-user-privilege-set"): lambda: WRITE,
        dav("principal-collection-set"): lambda: href(call.address(Place(Area.PRINCIPALS))),
        dav("supported-report-set"): lambda: "",
        dav("supportedlock"): lambda: "",
        dav("lockdiscovery"): lambda: "",
    }
    if entry.id:
        values[dav("creationdate")] = lambda: entry.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        values[dav("getlastmodified")] = lambda: http_date(entry.changed_at.replace(microsecond=0))
    return values | (_of_folder(call, usage) if entry.folder else _of_file(entry))


def _of_folder(call: Call, usage: Callable[[], Usage]) -> dict[str, Callable[[], str | None]]:
    return {
        dav("quota-used-bytes"): lambda: str(usage().octets),
        dav("quota-available-bytes"): lambda: str(max(0, call.site.limits.files.total - usage().octets)),
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
    return multistatus(iter([response(_own_path(call), _said(changes))]))


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
    must_hold(call, unit)
    entry = there(call, unit)
    if entry.id == 0:
        changes.refused |= dict.fromkeys(changes.kept, 403)  # a user's whole folder has no properties of its own
    old = dav_files.properties_of(connection, [entry.id]).get(entry.id, {})
    new = {name: value for name, value in (old | changes.kept).items() if value is not None}
    if len(new) > MAX_PROPERTIES or sum(map(len, new.values())) > MAX_KEPT or any(len(n) > _LONGEST_NAME for n in new):
        changes.refused |= dict.fromkeys(changes.kept, 507)
    if not changes.refused:
        dav_files.keep_properties(connection, entry.id, changes.kept)


def _said(changes: _Changes) -> str:
    """The propstats: what is fine is not done (424) when anything is refused."""
    fine = "".join(empty(name) for name in changes.kept if name not in changes.refused)
    if not changes.refused:
        return propstat(200, fine)
    by_status: dict[int, str] = {}
    for name, status in changes.refused.items():
        by_status[status] = by_status.get(status, "") + empty(name)
    return "".join(propstat(status, names) for status, names in by_status.items()) + propstat(424, fine)
