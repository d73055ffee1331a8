"""Contacts at Google: a sample of each row and of each line, which comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.google_workspace.mapping_contacts import (
    CONTACT_TABLE,
    PERSON_FIELDS,
    contact_patch,
    kept_contact,
    new_contact,
)
from sync_engine.item import Item
from sync_engine.model import Address, ContentLine, Labelled, Name
from tests.property.google_keeps import person_answered
from tests.unit.google_people import PRIMARY, contact, label, line, read

ROWS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {
            "full_name": "Dr. Ada King Lovelace PhD",
            "name": Name(("Lovelace",), ("Ada",), ("King",), ("Dr.",), ("PhD",)),
            "extra": (line("X-PHONETIC-FIRST-NAME", "Eida"), line("X-PHONETIC-LAST-NAME", "Lavleis")),
        },
        {
            "names": [
                {
                    "honorificPrefix": "Dr.",
                    "givenName": "Ada",
                    "middleName": "King",
                    "familyName": "Lovelace",
                    "honorificSuffix": "PhD",
                    "phoneticGivenName": "Eida",
                    "phoneticFamilyName": "Lavleis",
                }
            ]
        },
    ),
    ({"nicknames": ("Ad", "Countess")}, {"nicknames": [{"value": "Ad"} | PRIMARY, {"value": "Countess"}]}),
    (
        {
            "organization": ("Engines", "R&D", "Notes"),
            "title": "Analyst",
            "extra": (line("ORG", "Other;Unit", X_TITLE="Boss"), line("X-PHONETIC-ORG", "Enjins")),
        },
        {
            "organizations": [
                {"name": "Engines", "department": "R&D; Notes", "title": "Analyst", "phoneticName": "Enjins"} | PRIMARY,
                {"name": "Other", "department": "Unit", "title": "Boss"},
            ]
        },
    ),
    (
        {"role": "Engineer", "extra": (line("ROLE", "Poet"),)},
        {"occupations": [{"value": "Engineer"} | PRIMARY, {"value": "Poet"}]},
    ),
    (
        {"emails": (Labelled("b@x", ("work",), preferred=True), Labelled("a@x", ("home",)))},
        {"emailAddresses": [{"value": "b@x", "type": "work"} | PRIMARY, {"value": "a@x", "type": "home"}]},
    ),
    (
        {"phones": (Labelled("1", ("cell",), preferred=True), Labelled("2", (), companions=label("Boat")))},
        {"phoneNumbers": [{"value": "1", "type": "mobile"} | PRIMARY, {"value": "2", "type": "Boat"}]},
    ),
    (
        {
            "addresses": (
                Address(
                    po_box=("5",),
                    extended=("Floor 2",),
                    street=("Main Street 1",),
                    locality=("London",),
                    region=("Greater London",),
                    postal_code=("N1",),
                    country=("UK",),
                    types=("home",),
                    companions=(ContentLine("X-ABADR", "gb"),),
                ),
            )
        },
        {
            "addresses": [
                {
                    "poBox": "5",
                    "extendedAddress": "Floor 2",
                    "streetAddress": "Main Street 1",
                    "city": "London",
                    "region": "Greater London",
                    "postalCode": "N1",
                    "country": "UK",
                    "countryCode": "GB",
                    "type": "home",
                }
            ]
        },
    ),
    (
        {"urls": (Labelled("https://x", companions=label("_$!<HomePage>!$_")),)},
        {"urls": [{"value": "https://x", "type": "homePage"}]},
    ),
    (
        {"chats": (Labelled("skype:ada", ("home",), params=(("X-SERVICE-TYPE", ("Skype",)),)),)},
        {"imClients": [{"username": "ada", "protocol": "skype", "type": "home"}]},
    ),
    ({"chats": (Labelled("sip:ada@x", ("work",)),)}, {"sipAddresses": [{"value": "sip:ada@x", "type": "work"}]}),
    ({"birthday": "1815-12-10"}, {"birthdays": [{"date": {"year": 1815, "month": 12, "day": 10}}]}),
    ({"birthday": "--1210"}, {"birthdays": [{"date": {"month": 12, "day": 10}}]}),
    (
        {
            "anniversary": "1835-07-08",
            "extra": (line("X-ABDATE", "1604-05-01", "Name day", X_APPLE_OMIT_YEAR="1604"),),
        },
        {
            "events": [
                {"date": {"month": 5, "day": 1}, "type": "Name day"},
                {"date": {"year": 1835, "month": 7, "day": 8}, "type": "anniversary"},
            ]
        },
    ),
    ({"note": "a\nb"}, {"biographies": [{"value": "a\nb", "contentType": "TEXT_PLAIN"}]}),
]
LINES: list[tuple[ContentLine, str, dict[str, Any]]] = [
    (line("X-ABRELATEDNAMES", "William", "_$!<Spouse>!$_"), "relations", {"person": "William", "type": "spouse"}),
    (line("X-ABRELATEDNAMES", "Mary", "Tutor"), "relations", {"person": "Mary", "type": "Tutor"}),
    (line("X-SHOE-SIZE", "37\\, wide"), "userDefined", {"key": "X-SHOE-SIZE", "value": "37, wide"}),
    (line("X-GOOGLE-USER-DEFINED", "tea", "drinks"), "userDefined", {"key": "drinks", "value": "tea"}),
    (line("GENDER", "F"), "genders", {"value": "female"}),
    (line("GENDER", ";complicated"), "genders", {"value": "complicated"}),
    (line("PRONOUNS", "she/her"), "genders", {"addressMeAs": "she/her"}),
    (line("INTEREST", "algebra"), "interests", {"value": "algebra"}),
    (line("LANG", "en"), "locales", {"value": "en"}),
    (line("CALURI", "https://x/c", "work"), "calendarUrls", {"url": "https://x/c", "type": "work"}),
    (line("FBURL", "https://x/f"), "calendarUrls", {"url": "https://x/f", "type": "freeBusy"}),
    (line("X-GOOGLE-EXTERNAL-ID", "17", "loginId"), "externalIds", {"value": "17", "type": "loginId"}),
    (line("X-GOOGLE-LOCATION", "3rd floor", "desk"), "locations", {"value": "3rd floor", "type": "desk"}),
    (line("X-GOOGLE-KEYWORD", "vip", "HOME"), "miscKeywords", {"value": "vip", "type": "HOME"}),
]


@pytest.mark.parametrize(("fields", "properties"), ROWS)
def test_a_row_stands_there_and_comes_back(fields: dict[str, Any], properties: dict[str, Any]) -> None:
    found = contact(**fields)
    written = new_contact(found)
    assert written | properties == written
    assert read(person_answered(written)) == kept_contact(found) == found
    assert Item.read(Item.of(found).text).record == found
    cleared = contact_patch(found, contact())
    assert set(cleared) == set(properties)
    assert read(person_answered(written) | cleared) == contact()


@pytest.mark.parametrize(("extra", "name", "entry"), LINES)
def test_a_line_stands_there_and_comes_back(extra: ContentLine, name: str, entry: dict[str, Any]) -> None:
    found = contact(extra=(extra,))
    assert new_contact(found)[name] == [entry]
    assert read(person_answered(new_contact(found))) == kept_contact(found) == found
    assert Item.read(Item.of(found).text).record == found
    assert contact_patch(contact(), found) == {name: [entry]}


def test_every_row_has_a_sample() -> None:
    said = {name for _, properties in ROWS for name in properties} | {name for _, name, _ in LINES}
    assert {name for row in CONTACT_TABLE for name in row.properties} == said
    asked = set(PERSON_FIELDS.split(","))
    assert said | {"metadata", "clientData", "memberships", "photos"} == asked
