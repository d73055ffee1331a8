"""Outlook's three addresses: one for home, one for business, one other."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.described import one_line_ends
from sync_engine.model import Address

ADDRESS_KINDS = {"home": ("home",), "business": ("work",), "other": ()}
"""The types of each."""


@dataclass(frozen=True, slots=True)
class Postal:
    """An address in Outlook's five parts. The street may have several lines."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


def addresses_by_kind(addresses: tuple[Address, ...]) -> dict[str, Postal]:
    """The first address of each kind, preferred ones before others; no more find a place."""
    found: dict[str, Postal] = {}
    for address in sorted(addresses, key=lambda address: not address.preferred):
        postal = _postal(address)
        if postal != Postal():
            found.setdefault(_kind(address), postal)
    return found


def address_of(kind: str, postal: Postal) -> Address | None:
    """The address of a kind; None when it is empty."""
    if postal == Postal():
        return None
    return Address(
        street=_part(postal.street),
        locality=_part(postal.city),
        region=_part(postal.state),
        postal_code=_part(postal.postal_code),
        country=_part(postal.country),
        types=ADDRESS_KINDS[kind],
    )


def _kind(address: Address) -> str:
    if "home" in address.types:
        return "home"
    return "business" if "work" in address.types else "other"


def _postal(address: Address) -> Postal:
    """Post box and extension have no part of their own and stand above the street, as on an envelope."""
    lines = [", ".join(part) for part in (address.po_box, address.extended, address.street)]
    return Postal(
        one_line_ends("\n".join(line for line in lines if line)),
        ", ".join(address.locality),
        ", ".join(address.region),
        ", ".join(address.postal_code),
        ", ".join(address.country),
    )


def _part(text: str) -> tuple[str, ...]:
    return (one_line_ends(text),) if text else ()
