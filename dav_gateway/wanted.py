"""Which properties a request asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dav_gateway.answers import Refused
from dav_gateway.data_wanted import DataWanted, data_wanted
from dav_gateway.elements import Element, cal, card, children, dav, first

MOST_NAMES = 500  # properties of one request
DATA = frozenset((cal("calendar-data"), card("address-data")))


class Mode(StrEnum):
    """The three forms of a PROPFIND (RFC 4918 14.20)."""

    PROP = "prop"
    ALL = "allprop"
    NAMES = "propname"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Properties asked for, by name as ``{namespace}local``, in the order asked."""

    names: tuple[str, ...] = ()  # with allprop: those of its include element
    mode: Mode = Mode.PROP
    minimal: bool = False  # leave out those that are not there
    data: DataWanted = field(default_factory=DataWanted)  # how the texts are to be told

    @property
    def text(self) -> bool:
        """Whether the items' texts are asked for."""
        return not DATA.isdisjoint(self.names)


def wanted_of(parent: Element | None, *, minimal: bool) -> Wanted:
    """Read the prop, allprop or propname in an element; allprop when there is none (RFC 4918 9.1)."""
    if parent is None:
        return Wanted(mode=Mode.ALL, minimal=minimal)
    if first(parent, dav("propname")) is not None:
        return Wanted(mode=Mode.NAMES, minimal=minimal)
    prop = first(parent, dav("prop"))
    if prop is not None:
        return Wanted(_names(prop), minimal=minimal, data=data_wanted(prop))
    return Wanted(_names(first(parent, dav("include"))), Mode.ALL, minimal)


def _names(prop: Element | None) -> tuple[str, ...]:
    names = () if prop is None else tuple(dict.fromkeys(str(child.tag) for child in children(prop)))
    if len(names) > MOST_NAMES:  # each is answered for each of thousands of items
        raise Refused(400, f"Ask for at most {MOST_NAMES:,} properties.")
    return names


def must_be(root: Element | None, name: str) -> Element:
    """The root when it has this name. Refuses (400) anything else."""
    if root is None or root.tag != name:
        raise Refused(400, f"The request's body must be a {name.rpartition('}')[2]} element.")
    return root
