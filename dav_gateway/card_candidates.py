"""Which cards can match a filter at all, told without their texts: most searches are for an address or a number.

What is said here is never too little: a card that is left out has no property that meets the filter. The text of each
that stays is looked at as always.
"""

from __future__ import annotations

from dav_gateway.filters import CardFilter, PropFilter, TextMatch
from storage.dav_contacts import INDEXED, holders
from storage.unit_of_work import SqlUnitOfWork


def candidates(unit: SqlUnitOfWork, collection_id: int, wanted: CardFilter) -> set[str] | None:
    """Names of items; None where nothing can be told."""
    needles = [_needles(prop) for prop in wanted.props]
    usable = [(prop.name, found) for prop, found in zip(wanted.props, needles, strict=True) if found]
    if not usable or (wanted.any_of and len(usable) < len(wanted.props)):
        return None
    chosen = usable if wanted.any_of else usable[:1]
    return set().union(*(_holders(unit, collection_id, name, found) for name, found in chosen))


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


def _holders(unit: SqlUnitOfWork, collection_id: int, name: str, needles: tuple[str, ...]) -> set[str]:
    longest = INDEXED[name]

    def fits(value: str) -> bool:
        lowered = value.lower()
        # Letters beyond ASCII may be folded to ASCII ones (RFC 5051), and what was cut may be what is wanted.
        return any(needle in lowered for needle in needles) or len(value) >= longest or not value.isascii()

    return holders(unit.session.connection, collection_id, name, fits)
