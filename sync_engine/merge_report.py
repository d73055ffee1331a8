"""What lost in a merge, in words that an admin can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from sync_engine.model import Address, CalendarUser, Component, ContentLine, Labelled, Moment, Photo
from sync_engine.ports import FieldConflict, Prefer


@dataclass(slots=True)
class Report:
    """Collects conflicts; every one goes to the preferred side."""

    prefer: Prefer
    conflicts: list[FieldConflict] = field(default_factory=list)

    def choose(self, path: str, base: Any, hub: Any, remote: Any) -> Prefer:
        """Note that `path` was edited to different values on both sides; says who wins."""
        self.conflicts.append(FieldConflict(path, describe(base), describe(hub), describe(remote), self.prefer))
        return self.prefer

    def survivor(self, hub: Any, remote: Any) -> Any:
        """What is left of a value that one side edited and the other removed (None): an edit beats a removal."""
        return hub if remote is None else remote

    def keep(self, side: Prefer, path: str, base: Any, hub: Any, remote: Any) -> None:
        """Note that `path` went to a side for a reason of its own."""
        self.conflicts.append(FieldConflict(path, describe(base), describe(hub), describe(remote), side))


class Rewritten(Report):
    """Of a merge in which nobody edited the hub's side: what differs there is what the server did not keep."""

    def survivor(self, hub: Any, remote: Any) -> Any:  # noqa: ARG002
        """What somebody removed at the remote is gone."""
        return remote


def describe(value: Any) -> str:
    """A value in words, at most 500 characters: what a person compares in the conflict viewer."""
    return _words(value)[:500]


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return _list(value)
    for kind, words in _SPOKEN.items():
        if isinstance(value, kind):
            return words(value)
    if is_dataclass(value):
        shown = [(f.name, _words(getattr(value, f.name))) for f in fields(value) if f.compare]
        return "; ".join(f"{name}: {text}" for name, text in shown if text and text != "False")
    return str(value)


def _list(values: Any) -> str:
    told = [_words(value) for value in values]
    apart = ", " if all(isinstance(value, str) for value in values) else "; "
    return apart.join(filter(None, told))


def _moment(moment: Moment) -> str:
    """20260131T090000 in Europe/Zurich is "2026-01-31 09:00 Europe/Zurich"."""
    day, _t, clock = moment.value.partition("T")
    if len(day) != 8 or not day.isdecimal():
        return f"{moment.value} {moment.zone}".strip()
    hour, minute, second, rest = clock[:2], clock[2:4], clock[4:6], clock[6:]
    when = f"{hour}:{minute}" + (f":{second}" if second not in ("", "00") else "") + rest if clock else ""
    return " ".join(filter(None, (f"{day[:4]}-{day[4:6]}-{day[6:]}", when, moment.zone)))


def _labelled(entry: Labelled) -> str:
    return f"{entry.value}{_about(entry)}"


def _address(address: Address) -> str:
    town = " ".join((*address.postal_code, *address.locality)).strip()
    parts = (*address.po_box, *address.extended, *address.street, town, *address.region, *address.country)
    return ", ".join(filter(None, parts)) + _about(address)


def _about(entry: Labelled | Address) -> str:
    """What it is for: " (home, preferred)", with the label that a person gave it."""
    labels = [line.value.strip("_$!<>") for line in entry.companions if line.name == "X-ABLABEL"]
    rest = [_words(line) for line in entry.companions if line.name != "X-ABLABEL"]
    told = [*labels, *entry.types, *(["preferred"] if entry.preferred else []), *rest, *_params(entry.params)]
    return f" ({', '.join(told)})" if told else ""


def _user(user: CalendarUser) -> str:
    named = dict(user.params)
    name = ",".join(named.pop("CN", ()))
    address = user.address.removeprefix("mailto:")
    shown = f"{name} <{address}>" if name else address
    told = _params(tuple(named.items()))
    return f"{shown} ({', '.join(told)})" if told else shown


def _params(params: Any) -> list[str]:
    return [f"{name}={','.join(values)}" for name, values in params]


def _line(line: ContentLine) -> str:
    told = "".join(f";{param}" for param in _params(line.params))
    return " ".join(filter(None, (f"{line.name}{told}:{line.value}", *map(_line, line.companions))))


def _component(component: Component) -> str:
    inner = ", ".join((*map(_line, component.lines), *map(_component, component.components)))
    return f"{component.name} ({inner})"


def _photo(photo: Photo) -> str:
    """Which picture: a size and a few letters tell two pictures apart."""
    if photo.uri:
        return photo.uri
    return f"{photo.media_type or 'picture'}, {len(photo.data) * 3 // 4} octets, {photo.data[:8]}…{photo.data[-12:]}"


_SPOKEN: dict[Any, Callable[[Any], str]] = {
    Moment: _moment,
    Labelled: _labelled,
    Address: _address,
    CalendarUser: _user,
    ContentLine: _line,
    Component: _component,
    Photo: _photo,
}
