"""How a person is reached: e-mail addresses, numbers, addresses, web pages and chats."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from connectors.described import Document, Json, one_line_ends
from connectors.google_workspace.mapping_labels import (
    PHONES,
    PLACES,
    URLS,
    Companions,
    Types,
    address_key,
    addresses_in_order,
    arranged,
    labelled_in_order,
    labelled_key,
    own,
    place_of_preferred,
    said_as,
    type_of,
)
from sync_engine.formats.outline import in_order
from sync_engine.formats.text_values import escape, unescape
from sync_engine.model import Address, Contact, ContentLine, Labelled

_COUNTRY = "X-ABADR"  # Apple's companion of ADR: the country by its code, in small letters
_ADDRESS = {
    "po_box": "poBox",
    "extended": "extendedAddress",
    "street": "streetAddress",
    "locality": "city",
    "region": "region",
    "postal_code": "postalCode",
    "country": "country",
}


def put_labelled(field: str, name: str, known: Types, contact: Contact) -> dict[str, Json]:
    """The values of a field, each once."""
    found: list[tuple[Json, bool]] = []
    for one in getattr(contact, field):
        value = one_line_ends(one.value).strip().removeprefix("tel:")
        if value:
            found.append(({"value": value} | _typed(type_of(one.types, one.companions, known)), one.preferred))
    return {name: arranged(found, lambda entry: labelled_key(_read(entry["value"], entry, known, False)))}


def _typed(kind: str) -> dict[str, str]:
    return {"type": kind} if kind else {}


def get_labelled(field: str, name: str, known: Types, person: Document) -> dict[str, Any]:
    """The values of a field."""
    entries = [one for one in own(person.get(name)) if one.get("value")]
    best = place_of_preferred(entries)
    found = [_read(one["value"], one, known, place == best) for place, one in enumerate(entries)]
    return {field: labelled_in_order(found)}


def _read(value: str, entry: Document, known: Types, preferred: bool) -> Labelled:
    types, companions = said_as(entry.get("type"), known)
    return Labelled(one_line_ends(value), types, preferred, (), companions)


def put_emails(contact: Contact) -> dict[str, Json]:
    """EMAIL."""
    return put_labelled("emails", "emailAddresses", PLACES, contact)


def get_emails(person: Document) -> dict[str, Any]:
    """EMAIL."""
    return get_labelled("emails", "emailAddresses", PLACES, person)


def put_phones(contact: Contact) -> dict[str, Json]:
    """TEL."""
    return put_labelled("phones", "phoneNumbers", PHONES, contact)


def get_phones(person: Document) -> dict[str, Any]:
    """TEL."""
    return get_labelled("phones", "phoneNumbers", PHONES, person)


def put_urls(contact: Contact) -> dict[str, Json]:
    """URL."""
    return put_labelled("urls", "urls", URLS, contact)


def get_urls(person: Document) -> dict[str, Any]:
    """URL."""
    return get_labelled("urls", "urls", URLS, person)


# ---------------------------------------------------------------- addresses


def put_addresses(contact: Contact) -> dict[str, Json]:
    """ADR. Google writes the whole out of the parts."""
    found = [(_put_address(one), one.preferred) for one in contact.addresses]
    said = [(entry, preferred) for entry, preferred in found if _address(entry, False)]
    return {"addresses": arranged(said, lambda entry: address_key(_address(entry, False) or Address()))}


def _put_address(address: Address) -> dict[str, Json]:
    parts = {there: one_line_ends(", ".join(getattr(address, here))).strip() for here, there in _ADDRESS.items()}
    code = next((unescape(line.value).strip() for line in address.companions if line.name == _COUNTRY), "")
    said = {name: text for name, text in (parts | {"countryCode": code.upper()}).items() if text}
    return said | _typed(type_of(address.types, address.companions, PLACES))


def get_addresses(person: Document) -> dict[str, Any]:
    """ADR. One that Google has not taken apart is a street."""
    entries = own(person.get("addresses"))
    best = place_of_preferred(entries)
    found = [_address(one, place == best) for place, one in enumerate(entries)]
    return {"addresses": addresses_in_order(one for one in found if one)}


def _address(entry: Document, preferred: bool) -> Address | None:
    parts = {here: one_line_ends(entry.get(there) or "") for here, there in _ADDRESS.items()}
    if not any(parts.values()):
        parts["street"] = one_line_ends(entry.get("formattedValue") or "")
    if not any(parts.values()):
        return None
    types, companions = said_as(entry.get("type"), PLACES)
    said: dict[str, Any] = {here: (text,) for here, text in parts.items() if text}
    whole = _with_country(companions, entry.get("countryCode"))
    return replace(Address(**said), types=types, preferred=preferred, companions=whole)


def _with_country(companions: Companions, code: str | None) -> Companions:
    line = [ContentLine(_COUNTRY, escape(code.lower()))] if code else []
    return in_order([*companions, *line])


# ---------------------------------------------------------------- chats

_SIP = ("sip", "sips")
_SERVICE = "X-SERVICE-TYPE"
_PROTOCOLS = {
    "aim": ("aim", "AIM"),
    "msn": ("msnim", "MSN"),
    "yahoo": ("ymsgr", "Yahoo"),
    "skype": ("skype", "Skype"),
    "qq": ("qq", "QQ"),
    "googleTalk": ("xmpp", "GoogleTalk"),
    "icq": ("icq", "ICQ"),
    "jabber": ("xmpp", "Jabber"),
}
"""Google's word for a service: the scheme of IMPP, and what Apple calls it."""
_BY_SERVICE = {service.lower(): name for name, (_, service) in _PROTOCOLS.items()}
_BY_SCHEME = {scheme: name for name, (scheme, _) in _PROTOCOLS.items()}  # xmpp is Jabber
_OF_MANY = ("aim", "xmpp")  # schemes that phones write for several services
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")


def put_chats(contact: Contact) -> dict[str, Json]:
    """IMPP: addresses of telephony apart."""
    chats, calls = [], []
    for one in contact.chats:
        scheme, colon, name = one.value.strip().partition(":")
        kind = _typed(type_of(one.types, one.companions, PLACES))
        if colon and scheme.lower() in _SIP:
            calls.append(({"value": one.value.strip()} | kind, one.preferred))
        elif one.value.strip():
            chats.append(
                (_put_chat(one, scheme if colon and _SCHEME.match(scheme) else "", name) | kind, one.preferred)
            )
    return {
        "imClients": arranged(chats, lambda entry: labelled_key(_chat(entry, False))),
        "sipAddresses": arranged(calls, lambda entry: labelled_key(_read(entry["value"], entry, PLACES, False))),
    }


def _put_chat(one: Labelled, scheme: str, name: str) -> dict[str, Json]:
    service = next((values[0].lower() for param, values in one.params if param == _SERVICE and values), "")
    by_scheme = _BY_SCHEME.get(scheme.lower(), "")
    by_service = _BY_SERVICE.get(service, "") if scheme.lower() in _OF_MANY or not by_scheme else ""
    protocol = by_service or by_scheme or scheme
    user = name if scheme else one.value.strip()
    return {"username": user} | ({"protocol": protocol} if protocol else {})


def get_chats(person: Document) -> dict[str, Any]:
    """IMPP."""
    entries = [one for one in own(person.get("imClients")) if one.get("username")]
    best = place_of_preferred(entries)
    found = [_chat(one, place == best) for place, one in enumerate(entries)]
    calls = get_labelled("chats", "sipAddresses", PLACES, person)["chats"]
    return {"chats": labelled_in_order([*found, *map(_call, calls)])}


def _call(one: Labelled) -> Labelled:
    """People write the address of a telephone as they like; as a chat it would be written among the others."""
    scheme, colon, _ = one.value.strip().partition(":")
    return one if colon and scheme.lower() in _SIP else replace(one, value=f"{_SIP[0]}:{one.value.strip()}")


def _chat(entry: Document, preferred: bool) -> Labelled:
    protocol = entry.get("protocol") or ""
    scheme, service = _PROTOCOLS.get(protocol, (protocol if _SCHEME.match(protocol) else "", ""))
    types, companions = said_as(entry.get("type"), PLACES)
    value = f"{scheme}:{entry['username']}" if scheme else entry["username"]
    return Labelled(value, types, preferred, ((_SERVICE, (service,)),) if service else (), companions)
