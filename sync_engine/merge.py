"""Three-way merge of records, field by field. Pure and total.

The policy, a property test for each sentence:

- A field edited on one side only takes that edit.
- The same edit on both sides is no conflict.
- A field edited to different values on both sides goes to the preferred side; what lost is reported.
- Elements of multi-valued fields (phones, attendees, categories, alarms ...) are merged one by one.
- An element edited on one side and removed on the other stays, edited.
- Start, end, due and duration belong together, as do status, completion and percentage: the group goes to one side;
  where it is new, to the side that says all that the other says, and more.
- When one side moved a series and the other changed its single occurrences, the whole schedule goes to one side.
- Without a base, what only one side has is kept from both.
- Overrides merge by RECURRENCE-ID, however it is written; an occurrence edited on one side and cancelled on the other
  stays, edited.
- An occurrence edited on one side goes when the other ended the series before it; the edit is reported.
- Wall clocks never decide.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, TypeVar, cast

from sync_engine.formats import with_uid
from sync_engine.merge_keys import KEYS, SLOTS, said, spoken
from sync_engine.merge_report import Report
from sync_engine.merge_series import in_one_spelling, timing, without_cut_off
from sync_engine.model import (
    Address,
    CalendarUser,
    Component,
    Contact,
    ContentLine,
    Details,
    Event,
    Labelled,
    Moment,
    Name,
    Record,
    Task,
)
from sync_engine.ports import FieldConflict, Prefer

_R = TypeVar("_R", Contact, Event, Task)
_Element: TypeAlias = Any  # one value of a multi-valued field
_STRUCTURES = (Name, Labelled, Address, CalendarUser)
_GROUPS = (("start", "end", "due", "duration"), ("status", "completed", "percent_complete"))
GROUPS = _GROUPS  # fields that make sense only together
_SCHEDULE = ("start", "end", "due", "duration", "rules", "recurrence_dates", "exception_dates")


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome of a merge and what lost in it."""

    record: Record
    conflicts: tuple[FieldConflict, ...]


def merge(base: Record | None, hub: Record, remote: Record, prefer: Prefer) -> Merged:
    """Merge two versions of one item; the outcome has the hub's UID.

    `base` is what both sides agreed on last; None when they never did. Of another kind it tells nothing, and of two
    kinds one wins whole.
    """
    report = Report(prefer)
    return merge_by(report, base, hub, remote)


def merge_by(report: Report, base: Record | None, hub: Record, remote: Record) -> Merged:
    """The same; `report` says who wins, field by field."""
    if type(hub) is not type(remote):  # somebody made a task of an event: there is nothing to put together
        side = report.choose("kind", base, hub, remote)
        return Merged(_winner(side, hub, with_uid(remote, hub.uid)), tuple(report.conflicts))
    base = base if type(base) is type(hub) else None
    if isinstance(hub, Contact):
        record: Record = _contact(report, cast("Contact | None", base), hub, cast(Contact, remote))
    elif isinstance(hub, Event):
        record = _series(report, cast("Event | None", base), hub, cast(Event, remote))
    else:
        record = _series(report, cast("Task | None", base), hub, cast(Task, remote))
    return Merged(record, tuple(report.conflicts))


def _contact(report: Report, base: Contact | None, hub: Contact, remote: Contact) -> Contact:
    ground = base or Contact(hub.uid)
    names = [f.name for f in fields(Contact) if f.compare and f.name != "uid"]
    return replace(hub, **{n: _field(report, n, n, ground, hub, remote) for n in names})


def _series(report: Report, base: _R | None, hub: _R, remote: _R) -> _R:
    ground: Any = base or type(hub)(hub.uid)
    ground, hub, remote = in_one_spelling(ground, hub, remote)
    if base is not None and _schedule_clash(ground, hub, remote):
        side = report.choose("schedule", ground.master, cast(Any, hub).master, cast(Any, remote).master)
        hub, remote = _with_schedule_of(side, cast(Any, hub), cast(Any, remote))
        ground = _with_schedule(ground, _winner(side, hub, remote))
    h, r = cast(Any, hub), cast(Any, remote)
    master = _optional(report, "master", ground.master, h.master, r.master)
    overrides = _overrides(report, ground.overrides, h.overrides, r.overrides)
    master, overrides = _settle_cancellations(ground, master, overrides)
    extra = _lines(report, "extra", ground.extra, h.extra, r.extra)
    moved = master is not None and r.master is not None and h.master is not None and master.start != h.master.start
    zones = _zones(r.zones, h.zones) if moved else _zones(h.zones, r.zones)
    merged = replace(h, master=master, overrides=overrides, extra=extra, zones=zones)
    return cast(_R, without_cut_off(report, ground, h, r, merged) if base is not None else merged)


# ---------------------------------------------------------------- one field


def _field(report: Report, name: str, path: str, base: Any, hub: Any, remote: Any) -> Any:
    """Merge the attribute `name` of three objects of one class."""
    b, h, r = getattr(base, name), getattr(hub, name), getattr(remote, name)
    if h == r or r == b:
        return h
    if h == b:
        return r
    if name in ("extra", "components"):
        return _lines(report, path, b, h, r)
    if name == "params":
        return _mapping(report, path, b, h, r)
    if name in KEYS:
        return _elements(report, path, b, h, r, KEYS[name], SLOTS.get(name))
    if isinstance(h, _STRUCTURES) and isinstance(r, _STRUCTURES):
        return _structure(report, path, b or _blank(h), h, r)
    return _winner(report.choose(path, b, h, r), h, r)


def _blank(element: _Element) -> _Element:
    """What an element was before it was: nothing in it but its class."""
    kind: Any = type(element)
    return kind("") if isinstance(element, CalendarUser | Labelled) else kind()


def _structure(report: Report, path: str, base: Any, hub: Any, remote: Any) -> Any:
    names = [f.name for f in fields(hub) if f.compare]
    return replace(hub, **{n: _field(report, n, f"{path}.{n}", base, hub, remote) for n in names})


def _mapping(report: Report, path: str, base: Any, hub: Any, remote: Any) -> Any:
    """Merge ((name, value), ...) pairs name by name."""
    b, h, r = dict(base), dict(hub), dict(remote)
    merged: dict[str, Any] = {}
    for name in sorted({*b, *h, *r}):
        value = _single(report, f"{path}.{name}", b.get(name), h.get(name), r.get(name))
        if value is not None:
            merged[name] = value
    return tuple(merged.items())


def _single(report: Report, path: str, base: Any, hub: Any, remote: Any) -> Any:
    """Merge one value that may be absent (None): an edit beats a removal."""
    if hub == remote or remote == base:
        return hub
    if hub == base:
        return remote
    if hub is None or remote is None:
        return report.survivor(hub, remote)
    return _winner(report.choose(path, base, hub, remote), hub, remote)


# ---------------------------------------------------------------- multi-valued fields


def _elements(
    report: Report,
    path: str,
    base: tuple[_Element, ...],
    hub: tuple[_Element, ...],
    remote: tuple[_Element, ...],
    key: Callable[[_Element], Hashable],
    slot: Callable[[_Element], Hashable] | None,
) -> tuple[_Element, ...]:
    from_hub, hub_new = _align(base, hub, key, slot)
    from_remote, remote_new = _align(base, remote, key, slot)
    kept = [
        _element(report, f"{path}[{spoken(key(b))}]", b, h, r)
        for b, h, r in zip(base, from_hub, from_remote, strict=True)
    ]
    both, remote_only = _align(tuple(hub_new), tuple(remote_new), key, None)
    for h, r in zip(hub_new, both, strict=True):
        kept.append(h if r is None else _element(report, f"{path}[{spoken(key(h))}]", None, h, r))
    return tuple(e for e in (*kept, *remote_only) if e is not None)


def _element(report: Report, path: str, base: _Element | None, hub: _Element | None, remote: _Element | None) -> Any:
    if isinstance(hub, _STRUCTURES) and isinstance(remote, _STRUCTURES) and base not in (hub, remote):
        return _structure(report, path, base or _blank(hub), hub, remote)
    return _single(report, path, base, hub, remote)


def _align(
    base: tuple[_Element, ...],
    side: tuple[_Element, ...],
    key: Callable[[_Element], Hashable],
    slot: Callable[[_Element], Hashable] | None,
) -> tuple[list[_Element | None], list[_Element]]:
    """For each element of base its counterpart on this side or None, and what is new there.

    Counterparts have the same key; after that, one lone element left in the same slot (a changed number, label kept).
    """
    found, rest = _by_key(base, side, key)
    if slot is not None:
        for i, b in enumerate(base):
            if found[i] is None and _lone(b, [x for x, f in zip(base, found, strict=True) if f is None], rest, slot):
                found[i] = _take(rest, slot, slot(b))
    return found, rest


def _by_key(
    base: tuple[_Element, ...], side: tuple[_Element, ...], key: Callable[[_Element], Hashable]
) -> tuple[list[_Element | None], list[_Element]]:
    """The first elements of the same key, each taken once, and the rest: in linear time, as there may be thousands."""
    places: dict[Hashable, list[int]] = {}
    for i in range(len(side) - 1, -1, -1):
        places.setdefault(key(side[i]), []).append(i)
    at = [wanted.pop() if (wanted := places.get(key(b))) else None for b in base]
    taken = set(at)
    rest = [element for i, element in enumerate(side) if i not in taken]
    return [None if i is None else side[i] for i in at], rest


def _lone(
    wanted: _Element, base_left: list[_Element], side_left: list[_Element], slot: Callable[[Any], Hashable]
) -> bool:
    label = slot(wanted)
    return sum(slot(e) == label for e in base_left) == 1 == sum(slot(e) == label for e in side_left)


def _take(rest: list[_Element], key: Callable[[_Element], Hashable], wanted: Hashable) -> _Element | None:
    for i, element in enumerate(rest):
        if key(element) == wanted:
            return rest.pop(i)
    return None


_Line = TypeVar("_Line", ContentLine, Component)


def _lines(
    report: Report, path: str, base: tuple[_Line, ...], hub: tuple[_Line, ...], remote: tuple[_Line, ...]
) -> tuple[_Line, ...]:
    """Merge unmodelled lines or components: a name that stands once is one value, else its lines are a set."""
    merged: list[_Line] = []
    for name in sorted({line.name for line in (*base, *hub, *remote)}):
        b, h, r = ([x for x in side if x.name == name] for side in (base, hub, remote))
        if max(len(b), len(h), len(r)) == 1:
            line = _single(report, f"{path}.{name}", *(side[0] if side else None for side in (b, h, r)))
            merged.extend([line] if line is not None else [])
        else:
            merged.extend(_elements(report, path, tuple(b), tuple(h), tuple(r), lambda e: e, said))
    return tuple(merged)


# ---------------------------------------------------------------- series


def _optional(report: Report, path: str, base: Details | None, hub: Details | None, remote: Details | None) -> Any:
    if hub is None or remote is None or hub == remote or base in (hub, remote):
        return _single(report, path, base, hub, remote)
    return _details(report, path, base or type(hub)(recurrence_id=hub.recurrence_id), hub, remote)


def _details(report: Report, path: str, base: Details, hub: Details, remote: Details) -> Details:
    merged: dict[str, Any] = {}
    for group in _GROUPS:
        merged |= _group(report, path, [n for n in group if hasattr(hub, n)], base, hub, remote)
    for f in fields(hub):
        if f.compare and f.name not in merged:
            merged[f.name] = _field(report, f.name, f"{path}.{f.name}", base, hub, remote)
    return replace(hub, **merged, sequence=max(hub.sequence, remote.sequence))


def _group(report: Report, path: str, names: list[str], base: Details, hub: Details, remote: Details) -> dict[str, Any]:
    """Fields that make sense only together: all of them come from one side."""
    b, h, r = (tuple(getattr(d, n) for n in names) for d in (base, hub, remote))
    if h == r or r == b:
        values = h
    elif h == b:
        values = r
    elif not any(b) and (_says_all(h, r) or _says_all(r, h)):
        values = h if _says_all(h, r) else r
    else:
        differing = [i for i in range(len(names)) if h[i] != r[i]]
        sides = [report.choose(f"{path}.{names[i]}", b[i], h[i], r[i]) for i in differing]
        values = _winner(sides[0], h, r)
    return dict(zip(names, values, strict=True))


def _says_all(values: tuple[Any, ...], of: tuple[Any, ...]) -> bool:
    return all(not other or value == other for value, other in zip(values, of, strict=True))


def _overrides(report: Report, base: tuple[Any, ...], hub: tuple[Any, ...], remote: tuple[Any, ...]) -> tuple[Any, ...]:
    sides = [{d.recurrence_id: d for d in side} for side in (base, hub, remote)]
    merged = []
    for rid in sorted({rid for side in sides for rid in side}, key=_moment_order):
        path = f"overrides[{rid.value if rid else ''}]"
        merged.append(_optional(report, path, *(side.get(rid) for side in sides)))
    return tuple(d for d in merged if d is not None)


def _moment_order(moment: Moment | None) -> tuple[str, str]:
    return (moment.value, moment.zone) if moment else ("", "")


def _settle_cancellations(base: Any, master: Any, overrides: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """An occurrence is either cancelled (EXDATE) or overridden: an edited override wins, an untouched one goes."""
    if master is None or not master.exception_dates or not overrides:
        return master, overrides
    before = {d.recurrence_id: d for d in base.overrides}
    cancelled = set(master.exception_dates)
    edited = {d.recurrence_id for d in overrides if d.recurrence_id in cancelled and before.get(d.recurrence_id) != d}
    kept = tuple(d for d in overrides if d.recurrence_id not in cancelled or d.recurrence_id in edited)
    return replace(master, exception_dates=tuple(m for m in master.exception_dates if m not in edited)), kept


def _schedule_clash(base: Any, hub: Any, remote: Any) -> bool:
    """One side moved the series, the other touched single occurrences by their old times."""
    if base.master is None or hub.master is None or remote.master is None or not base.master.rules:
        return False
    if not _moved(hub, remote):
        return False
    return (_moved(base, hub) and _touched(base, remote)) or (_moved(base, remote) and _touched(base, hub))


def _moved(base: Any, side: Any) -> bool:
    return bool(timing(base) != timing(side))


def _touched(base: Any, side: Any) -> bool:
    def single(series: Any) -> Any:
        return series.master.exception_dates, series.master.recurrence_dates, series.overrides

    return bool(single(base) != single(side))


def _with_schedule_of(side: Prefer, hub: Any, remote: Any) -> tuple[Any, Any]:
    winner = _winner(side, hub, remote)
    return _with_schedule(hub, winner), _with_schedule(remote, winner)


def _with_schedule(series: Any, of: Any) -> Any:
    names = [n for n in _SCHEDULE if hasattr(of.master, n)]
    master = replace(series.master, **{n: getattr(of.master, n) for n in names})
    return replace(series, master=master, overrides=of.overrides)


def _zones(first: tuple[Component, ...], second: tuple[Component, ...]) -> tuple[Component, ...]:
    named = {_tzid(zone): zone for zone in (*second, *first)}
    return tuple(named[name] for name in sorted(named))


def _tzid(zone: Component) -> str:
    return next((line.value for line in zone.lines if line.name == "TZID"), "")


def _winner(side: Prefer, hub: Any, remote: Any) -> Any:
    return hub if side is Prefer.HUB else remote
