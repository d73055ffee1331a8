"""Which cards match a filter, or can, told without their texts: most searches are for an address or a number.

A card that is left out has no property that meets the filter. What is certain needs no further look.
"""

from __future__ import annotations

from dataclasses import dataclass

from dav_gateway.filters import CardFilter, PropFilter, TextMatch
from storage.dav_contacts import INDEXED, holders
from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Likely:
    """Names of items."""

    certain: frozenset[str]
    unclear: frozenset[str]  # their texts decide


def candidates(unit: SqlUnitOfWork, collection_id: int, wanted: CardFilter) -> Likely | None:
    """What can match; None where nothing can be told."""
    needles = [_needles(prop) for prop in wanted.props]
    usable = [(prop, found) for prop, found in zip(wanted.props, needles, strict=True) if found]
    if not usable or (wanted.any_of and len(usable) < len(wanted.props)):
        return None
    certain, unclear = set[str](), set[str]()
    for prop, found in usable if wanted.any_of else usable[:1]:
        told = _is_told(prop) and (wanted.any_of or len(wanted.props) == 1)
        for held in holders(unit.session.connection, collection_id, prop.name, found):
            (certain if told and held.certain else unclear).add(held.href)
    return Likely(frozenset(certain), frozenset(unclear - certain))


def _needles(wanted: PropFilter) -> tuple[str, ...]:
    """Texts of which a matching value has at least one, in lower case; none where that cannot be told."""
    if wanted.name not in INDEXED or wanted.absent:
        return ()
    usable = [needle for text in wanted.texts if (needle := _needle(text))]
    if wanted.any_of:
        return tuple(usable) if len(usable) == len(wanted.texts) and not wanted.params else ()
    return tuple(usable[:1])


def _needle(wanted: TextMatch) -> str:
    text = wanted.text.strip().lower()
    return text if text.isascii() and text.isprintable() and not wanted.negate else ""


def _is_told(wanted: PropFilter) -> bool:
    """Whether to contain the needles is all that the filter asks of a value."""
    plain = all(
        text.match_type == "contains" and text.collation != "i;octet" and text.text == text.text.strip()
        for text in wanted.texts
    )
    return plain and not wanted.params and not wanted.group and (wanted.any_of or len(wanted.texts) == 1)
