"""Users named by addresses: of mail, or of their principals."""

from __future__ import annotations

from dav_gateway.paths import Area
from dav_gateway.site import Call
from storage.dav_principals import Principal, principal_named
from storage.dav_sharing import person_at
from storage.unit_of_work import SqlUnitOfWork

_MAIL = "mailto:"


def person_of(call: Call, unit: SqlUnitOfWork, address: str) -> Principal | None:
    """Whom an address names: ``mailto:...`` or the path of a principal. None for nobody and for blocked users."""
    address = address.strip()
    if address.lower().startswith(_MAIL):
        return person_at(unit.session.connection, address[len(_MAIL) :])
    place = call.place_of(address)
    if place is None or place.area is not Area.PRINCIPALS or not place.user or place.slug:
        return None
    return principal_named(unit.session.connection, place.user)


def address_of(call: Call, person: Principal) -> str:
    """How others address him: by mail where he has an address, else by the path of his principal."""
    return f"{_MAIL}{person.mail}" if person.mail else call.principal(person.name)
