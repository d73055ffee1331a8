"""Outlook's kinds of phone number, each with one place or two, and the types of a vCard (RFC 6350 6.4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from sync_engine.model import Labelled


@dataclass(frozen=True, slots=True)
class PhoneKind:
    """One kind of number."""

    name: str  # as EWS calls its first place
    types: tuple[str, ...]  # sorted
    tag: int  # of the MAPI property
    places: int = 1


PHONE_KINDS = (
    PhoneKind("HomePhone", ("home",), 0x3A09, 2),
    PhoneKind("BusinessPhone", ("work",), 0x3A08, 2),
    PhoneKind("MobilePhone", ("cell",), 0x3A1C),
    PhoneKind("BusinessFax", ("fax", "work"), 0x3A24),
    PhoneKind("HomeFax", ("fax", "home"), 0x3A25),
    PhoneKind("OtherFax", ("fax",), 0x3A23),
    PhoneKind("Pager", ("pager",), 0x3A21),
    PhoneKind("CarPhone", ("car",), 0x3A1E),
    PhoneKind("Isdn", ("isdn",), 0x3A2D),
    PhoneKind("TtyTddPhone", ("textphone",), 0x3A4B),
    PhoneKind("AssistantPhone", ("x-assistant",), 0x3A2E),
    PhoneKind("CompanyMainPhone", ("main", "work"), 0x3A57),
    PhoneKind("PrimaryPhone", ("main",), 0x3A1A),
    PhoneKind("OtherTelephone", (), 0x3A1F),
)
KIND_BY_NAME = {kind.name: kind for kind in PHONE_KINDS}
_STRONG = ("fax", "pager", "car", "isdn", "textphone", "x-assistant", "cell")
_WORDS = {"iphone": "cell", "mobile": "cell", "tty-tdd": "textphone", "tty": "textphone", "business": "work"}


def kind_of_phone(phone: Labelled) -> PhoneKind:
    """The kind that the types of a number mean; what it is for (fax, cell) says more than where (home, work)."""
    types = {_WORDS.get(word, word) for word in phone.types}
    for kind in PHONE_KINDS:
        if kind.types and tuple(sorted(types & {*_STRONG, "home", "work", "main"})) == kind.types:
            return kind
    strong = next((word for word in _STRONG if word in types), None)
    wanted = strong or next((word for word in ("work", "home") if word in types), None)
    exact = {kind.types: kind for kind in PHONE_KINDS}
    return exact[(wanted,)] if wanted else KIND_BY_NAME["OtherTelephone"]


def by_kind(phones: tuple[Labelled, ...]) -> dict[str, tuple[str, ...]]:
    """The numbers of each kind, as many as it has places; preferred ones first."""
    found: dict[str, tuple[str, ...]] = {}
    for phone in sorted(phones, key=lambda phone: not phone.preferred):
        kind = kind_of_phone(phone)
        before = found.get(kind.name, ())
        value = phone.value.strip().removeprefix("tel:")
        if value and value not in before and len(before) < kind.places:
            found[kind.name] = (*before, value)
    return found


def labelled(kind: str, numbers: tuple[str, ...]) -> tuple[Labelled, ...]:
    """Numbers of one kind as a record has them."""
    return tuple(Labelled(number, KIND_BY_NAME[kind].types) for number in numbers if number)


def without_place(phones: tuple[Labelled, ...]) -> tuple[Labelled, ...]:
    """The numbers that Outlook has no place for: they stay in the hub alone."""
    placed = by_kind(phones)
    return tuple(p for p in phones if p.value.strip().removeprefix("tel:") not in placed.get(kind_of_phone(p).name, ()))
