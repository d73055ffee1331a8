"""MAPI properties that are the same thing as a property of EWS: clients other than exchangelib read and write by these.

Tags are from MS-OXPROPS, named ids (of the set Address) from MS-OXOCNTC. What is not here is a property of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from lxml import etree

from tests.servers.microsoft.ews_xml import Element, local, stored, t
from tests.servers.microsoft.mailbox import Fields

NUMBER = "Integer Tag 0xe23"  # PidTagInternetArticleNumber: DavMail leaves out items without it
RECURRING = "Boolean Appointment Id 33315"  # PidLidRecurring
_PLAIN = {
    "String Tag 0x37": "Subject",
    "String Tag 0x1000": "Body",
    "String Tag 0x3001": "DisplayName",
    "String Tag 0x3a06": "GivenName",
    "String Tag 0x3a11": "Surname",
    "String Tag 0x3a44": "MiddleName",
    "String Tag 0x3a4f": "Nickname",
    "String Tag 0x3a05": "Generation",
    "String Tag 0x3a16": "CompanyName",
    "String Tag 0x3a18": "Department",
    "String Tag 0x3a17": "JobTitle",
    "String Tag 0x3a19": "OfficeLocation",
    "String Tag 0x3a46": "Profession",
    "String Tag 0x3a30": "AssistantName",
    "String Tag 0x3a4e": "Manager",
    "String Tag 0x3a48": "SpouseName",
    "String Tag 0x3a51": "BusinessHomePage",
    "SystemTime Tag 0x3a42": "Birthday",
    "SystemTime Tag 0x3a41": "WeddingAnniversary",
    "SystemTime Tag 0x3008": "LastModifiedTime",
    "String Tag 0x1a": "ItemClass",
    "String Tag 0x1035": "InternetMessageId",
    "StringArray PublicStrings Name Keywords": "Categories",
}
_PHONES = {
    "3a1c": "MobilePhone",
    "3a08": "BusinessPhone",
    "3a1b": "BusinessPhone2",
    "3a09": "HomePhone",
    "3a2f": "HomePhone2",
    "3a24": "BusinessFax",
    "3a25": "HomeFax",
    "3a23": "OtherFax",
    "3a21": "Pager",
    "3a1f": "OtherTelephone",
    "3a1e": "CarPhone",
    "3a2e": "AssistantPhone",
    "3a02": "Callback",
    "3a57": "CompanyMainPhone",
    "3a1a": "PrimaryPhone",
}
_LINES = ["City", "CountryOrRegion", "PostalCode", "State", "Street"]  # in the order of the tags
_ADDRESSES = {
    **{f"String Tag {0x3A59 + place:#x}": ("Home", line) for place, line in enumerate(_LINES)},
    **{f"String Tag {0x3A5F + place:#x}": ("Other", line) for place, line in enumerate(_LINES)},
    "String Address Id 32837": ("Business", "Street"),
    "String Address Id 32838": ("Business", "City"),
    "String Address Id 32839": ("Business", "State"),
    "String Address Id 32840": ("Business", "PostalCode"),
    "String Address Id 32841": ("Business", "CountryOrRegion"),
}
_ORDER = ["Street", "City", "State", "CountryOrRegion", "PostalCode"]  # of the schema
_SET_BY_THE_SERVER = {"LastModifiedTime", "ItemClass"}


def known(key: str) -> bool:
    """Is it another name of something?"""
    return key in _PLAIN or _phone(key) is not None or key in _ADDRESSES


def value(there: Mapping[str, Element], key: str) -> str | None:
    """What is there under this key, as an extended property tells it."""
    if key in _PLAIN:
        held = there.get(_PLAIN[key])
        if held is not None and len(held):
            return json.dumps([one.text or "" for one in held])
        return None if held is None else held.text
    if label := _phone(key):
        return next((one.text for one in there.get("PhoneNumbers", ()) if one.get("Key") == label), None)
    kind, line = _ADDRESSES[key]
    found = next((one for one in there.get("PhysicalAddresses", ()) if one.get("Key") == kind), ())
    return next((one.text for one in found if local(one) == line), None)


def write(fields: Fields, key: str, words: str | None) -> None:
    """Set what the key means, or take it away."""
    if key in _PLAIN:
        _write_plain(fields, _PLAIN[key], words)
    elif label := _phone(key):
        _write_entry(fields, "PhoneNumbers", label, None if not words else t("Entry", words, Key=label))
    else:
        kind, line = _ADDRESSES[key]
        lines = {local(one): one.text or "" for one in _entry(fields, "PhysicalAddresses", kind)}
        lines[line] = words or ""
        parts = [t(name, lines[name]) for name in _ORDER if lines.get(name)]
        _write_entry(fields, "PhysicalAddresses", kind, t("Entry", *parts, Key=kind) if parts else None)


def _phone(key: str) -> str | None:
    return _PHONES.get(key.removeprefix("String Tag 0x"))


def _write_plain(fields: Fields, name: str, words: str | None) -> None:
    if name in _SET_BY_THE_SERVER:
        return
    fields.pop(name, None)
    if words and name == "Categories":
        fields[name] = stored(t(name, *[t("String", one) for one in json.loads(words)]))
    elif words:
        fields[name] = stored(t(name, words, BodyType="Text") if name == "Body" else t(name, words))


def _entry(fields: Fields, holder: str, key: str) -> Element:
    held = etree.fromstring(fields[holder]) if holder in fields else ()
    return next((one for one in held if one.get("Key") == key), t("Entry"))


def _write_entry(fields: Fields, holder: str, key: str, new: Element | None) -> None:
    held = etree.fromstring(fields[holder]) if holder in fields else ()
    kept = [one for one in held if one.get("Key") != key] + ([] if new is None else [new])
    fields.pop(holder, None)
    if kept:
        fields[holder] = stored(t(holder, *kept))
