"""Items in answers: their properties, written fast.

What a request asks for is looked up once; then each item costs one small template, so that 10,000 of them are a matter
of milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from dav_gateway import supported_reports
from dav_gateway.acl import properties as acl
from dav_gateway.contents import Contents
from dav_gateway.elements import cal, card, dav, empty, href, status_response, tag, text
from dav_gateway.expansion import TooMuch
from dav_gateway.item_data import Shown, shown_as
from dav_gateway.occurrence import zone_of_calendar
from dav_gateway.paths import Area, Place, encoded
from dav_gateway.privileges import READ, WRITE
from dav_gateway.properties import COMPONENTS, said
from dav_gateway.site import Call
from dav_gateway.wanted import Mode, Wanted
from storage.dav_items import Leaf
from storage.dav_store import Shelf
from storage.session import CHUNK

SCHEDULE_TAG = cal("schedule-tag")

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Writer: TypeAlias = Callable[[Leaf, str], str]
"""Gives the content of one property, as XML, of an item and its text ("" unless texts are asked for)."""


@lru_cache(maxsize=8)
def content_type(kind: str) -> str:
    """The media type of an item, with the component it holds."""
    component = COMPONENTS.get(kind)
    return f"text/calendar; charset=utf-8; component={component}" if component else "text/vcard; charset=utf-8"


@lru_cache(maxsize=1024)
def http_date(at: datetime) -> str:
    """A time in the form of HTTP (RFC 9110 5.6.7)."""
    return f"{_DAYS[at.weekday()]}, {at:%d} {_MONTHS[at.month - 1]} {at:%Y %H:%M:%S} GMT"


def _writers(call: Call, shelf: Shelf) -> dict[str, Writer]:
    privileges = WRITE if shelf.access == "write" else READ
    principal, owner = href(call.principal()), href(call.principal(shelf.owner))
    principals = href(call.address(Place(Area.PRINCIPALS)))
    data = card("address-data") if shelf.holds_contacts else cal("calendar-data")
    return {
        dav("resourcetype"): _always(""),
        dav("getetag"): lambda leaf, _: f'"{leaf.etag}"',
        dav("getcontenttype"): lambda leaf, _: content_type(leaf.kind),
        dav("getcontentlength"): lambda leaf, _: str(leaf.size),
        dav("getlastmodified"): lambda leaf, _: http_date(leaf.changed_at.replace(microsecond=0)),
        SCHEDULE_TAG: lambda leaf, _: f'"{leaf.schedule_tag}"',
        dav("current-user-principal"): _always(principal),
        dav("principal-collection-set"): _always(principals),
        dav("owner"): _always(owner),
        dav("current-user-privilege-set"): _always(privileges),
        dav("supported-report-set"): _always(supported_reports.of_item(shelf)),
        data: lambda _, content: text(content),
        **{name: _asked(value) for name, value in acl.of_item(call, shelf).items()},
    }


def _always(content: str) -> Writer:
    return lambda *_: content


def _asked(value: Callable[[], str | None]) -> Writer:
    return lambda *_: value() or ""


_ALLPROP = tuple(dav(n) for n in ("resourcetype", "getetag", "getcontenttype", "getcontentlength", "getlastmodified"))


class _Form(NamedTuple):
    """How the properties of an item are written."""

    columns: tuple[tuple[str, Writer, str], ...]
    before: str
    after: str
    constant: str  # instead of all of that, where nothing depends on the item


def _form(names: Sequence[str], writers: Mapping[str, Writer], *, minimal: bool) -> _Form:
    columns = tuple(_column(name, writers[name]) for name in names if name in writers)
    missing = [empty(name) for name in names if name not in writers]
    both = said(["\0"] if columns else [], missing, minimal=minimal)
    before, _, after = both.partition("\0")
    return _Form(columns, before, after, "" if columns else both)


class LeafWriter:
    """Writes response elements of items of one collection."""

    def __init__(self, call: Call, shelf: Shelf, wanted: Wanted, floating: tzinfo | None = None) -> None:
        """`floating`: the zone of times without one; that of the collection, unless the request names another."""
        self.folder = call.path_of(shelf)
        self._start = f"<D:response><D:href>{text(self.folder)}"
        self.with_text = wanted.text and wanted.mode is not Mode.NAMES
        self._shown: Shown | None = None
        if not wanted.data.as_stored:
            self._shown = shown_as(wanted.data, floating or zone_of_calendar(shelf.timezone))
        writers = _writers(call, shelf)
        names = self._names(wanted)
        tagged = SCHEDULE_TAG in names
        self.is_short = not (self.with_text or tagged or dav("getlastmodified") in names)
        if wanted.mode is Mode.NAMES:
            self._form = self._untagged = _Form((), "", "", said(map(empty, _ALLPROP), (), minimal=True))
            return
        self._form = self._untagged = _form(names, writers, minimal=wanted.minimal)
        if tagged:
            others = {name: writer for name, writer in writers.items() if name != SCHEDULE_TAG}
            self._untagged = _form(names, others, minimal=wanted.minimal)

    @staticmethod
    def _names(wanted: Wanted) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_ALLPROP + wanted.names)) if wanted.mode is Mode.ALL else wanted.names

    def path(self, leaf: Leaf) -> str:
        """The address of an item."""
        return self.folder + encoded(leaf.href)

    def write(self, leaf: Leaf, content: str = "") -> str:
        """The response element of an item; `content` is its text, where texts are asked for."""
        if self._shown and content:
            try:
                content = self._shown(leaf, content)
            except TooMuch:  # of this item nothing is told, rather than a part of it
                return status_response(self.path(leaf), 507, "<D:number-of-matches-within-limits/>")
        form = self._form if leaf.schedule_tag else self._untagged
        about = form.constant
        if not about:
            columns = "".join([f"{start}{writer(leaf, content)}{end}" for start, writer, end in form.columns])
            about = f"{form.before}{columns}{form.after}"
        return f"{self._start}{encoded(leaf.href)}</D:href>{about}</D:response>"  # encoded: nothing to escape for XML


def _column(name: str, writer: Writer) -> tuple[str, Writer, str]:
    written, declaration = tag(name)
    return f"<{written}{declaration}>", writer, f"</{written}>"


def written(call: Call, writer: LeafWriter, contents: Contents, leaves: Iterable[Leaf]) -> Iterator[str]:
    """Response elements of items. Texts are read in parts, in short transactions: the client may be slow."""
    if not writer.with_text:
        yield from map(writer.write, leaves)
        return
    for part in _batches(leaves):
        with call.read() as unit:
            found = contents.texts(unit, part)
        # A text that was purged meanwhile belongs to an item that was changed again: the client learns of it next time.
        yield from (writer.write(leaf, found[leaf.href]) for leaf in part if leaf.href in found)


def _batches(leaves: Iterable[Leaf]) -> Iterator[list[Leaf]]:
    batch: list[Leaf] = []
    octets = 0
    for leaf in leaves:
        batch.append(leaf)
        octets += leaf.size
        if len(batch) == CHUNK or octets > 4 * 1024 * 1024:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch
