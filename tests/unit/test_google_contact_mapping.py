"""Contacts at Google: a sample of each row and of each line, and what stays what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.google_workspace.mapping_contacts import (
    CONTACT_TABLE,
    PERSON_FIELDS,
    contact_patch,
    kept_contact,
    new_contact,
    read_contact,
    with_unknown,
)
from sync_engine.errors import Rejected
from sync_engine.item import Item
from sync_engine.model import Address, Contact, ContentLine, Labelled, Name, Photo
from tests.property.google_keeps import person_answered


def contact(**fields: Any) -> Contact:
    said: dict[str, Any] = {"full_name": "Ada", "name": Name(given=("Ada",))} | fields
    return Contact("u", **said)


def read(person: dict[str, Any]) -> Contact:
    return read_contact({"names": [{"givenName": "Ada"}], **person}, "u", {})


def label(text: str) -> tuple[ContentLine, ...]:
    return (ContentLine("X-ABLABEL", text, (), "X-ABLabel"),)


def line(name: str, value: str, about: str = "", **params: str) -> ContentLine:
    said = tuple(sorted((key.replace("_", "-"), (text,)) for key, text in params.items()))
    return ContentLine(name, value, said, companions=label(about) if about else ())


PRIMARY = {"metadata": {"sourcePrimary": True}}
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


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (Contact("u", "Ada Lovelace"), [{"givenName": "Ada Lovelace"}]),
        (Contact("u", "Engines", organization=("Engines",)), []),
        (Contact("u", "a@x", emails=(Labelled("a@x"),)), []),
        (Contact("u", "The Engines", organization=("Engines",)), [{"givenName": "The Engines"}]),
    ],
)
def test_a_full_name_alone_is_the_given_one_and_that_of_a_company_none(found: Contact, names: list[Any]) -> None:
    written = new_contact(found)
    assert written.get("names", []) == names
    assert read_contact(person_answered(written), "u", {}).full_name == found.full_name


def test_a_full_name_is_made_of_its_parts_whatever_google_makes_of_them() -> None:
    parts = {"givenName": "Ada", "familyName": "Lovelace", "displayName": "Lovelace, Ada"}
    assert read({"names": [parts]}).full_name == "Ada Lovelace"
    assert read({"names": [{"givenName": "太郎", "familyName": "山田"}]}).full_name == "山田太郎"
    assert read({"names": [{"unstructuredName": "Ada L."}]}).full_name == "Ada L."
    assert kept_contact(contact(full_name="Ada (work)")).full_name == "Ada"


# ---------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("types", "about", "there"),
    [
        (("cell", "voice"), "", "mobile"),
        (("cell", "iphone"), "", "mobile"),
        (("cell", "work"), "", "workMobile"),
        (("fax", "home"), "", "homeFax"),
        (("fax", "work"), "", "workFax"),
        (("fax",), "", "otherFax"),
        (("pager",), "", "pager"),
        (("pager", "work"), "", "workPager"),
        (("main",), "", "main"),
        (("other",), "", "other"),
        (("home", "video"), "", "home"),
        (("cell", "home"), "", "mobile"),
        (("car",), "", "car"),
        ((), "_$!<Mobile>!$_", "mobile"),
        ((), "_$!<Main>!$_", "main"),
        (("home",), "Boat", "Boat"),
        ((), "Work Fax", "workFax"),
        ((), "", ""),
    ],
)
def test_what_a_number_is_for(types: tuple[str, ...], about: str, there: str) -> None:
    found = contact(phones=(Labelled("1", types, companions=label(about) if about else ()),))
    (entry,) = new_contact(found)["phoneNumbers"]
    assert entry.get("type", "") == there
    kept = kept_contact(found)
    assert new_contact(kept)["phoneNumbers"] == [entry]


def test_of_several_exactly_one_is_preferred_and_of_one_none() -> None:
    two = contact(emails=(Labelled("a@x"), Labelled("b@x")))
    assert [one.preferred for one in kept_contact(two).emails] == [True, False]
    assert [one.preferred for one in kept_contact(contact(emails=(Labelled("a@x", preferred=True),))).emails] == [False]
    told = [{"value": "a@x"}, {"value": "b@x", "metadata": {"primary": True}}]
    assert read({"emailAddresses": told}).emails == (Labelled("b@x", preferred=True), Labelled("a@x"))


def test_a_value_that_stands_twice_stands_once() -> None:
    phones = (Labelled("tel:1", params=(("VALUE", ("URI",)),)), Labelled("1"), Labelled(" "))
    assert new_contact(contact(phones=phones))["phoneNumbers"] == [{"value": "1"}]


# ---------------------------------------------------------------- the rest


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1985", {"year": 1985}),
        ("1985-04", {"year": 1985, "month": 4}),
        ("--04", {"month": 4}),
        ("1604-12-10", {"month": 12, "day": 10}),
        ("19850412T000000Z", {"year": 1985, "month": 4, "day": 12}),
    ],
)
def test_a_birthday_may_be_known_in_part(text: str, date: dict[str, int]) -> None:
    assert new_contact(contact(birthday=text))["birthdays"] == [{"date": date}]


def test_a_birthday_in_words_is_read_and_not_written() -> None:
    assert "birthdays" not in new_contact(contact(birthday="in spring"))
    found = read({"birthdays": [{"text": "in spring"}]})
    assert found.birthday == "in spring"
    assert contact_patch(found, replace(found, note="x")) == {
        "biographies": [{"value": "x", "contentType": "TEXT_PLAIN"}]
    }


def test_an_anniversary_in_apples_spelling_stays_in_it() -> None:
    found = contact(extra=(line("X-ABDATE", "1835-07-08", "_$!<Anniversary>!$_"),))
    assert new_contact(found)["events"] == [{"date": {"year": 1835, "month": 7, "day": 8}, "type": "Anniversary"}]
    assert kept_contact(found) == found


def test_related_people_of_vcard_4_are_names_at_google_and_links_stay_in_the_hub() -> None:
    extra = (line("RELATED", "Mary", VALUE="TEXT", TYPE="friend"), line("RELATED", "urn:uuid:1", TYPE="child"))
    assert new_contact(contact(extra=extra))["relations"] == [{"person": "Mary", "type": "Friend"}]
    assert kept_contact(contact(extra=extra)).extra == extra[:1]
    assert kept_contact(contact(extra=(line("RELATED", "Mary", VALUE="TEXT"),))).extra == (
        line("RELATED", "Mary", VALUE="TEXT"),
    )


@pytest.mark.parametrize("name", ["X-ABUID", "X-EVOLUTION-FILE-AS", "X-MS-OL-DESIGN", "TZ", "KEY"])
def test_lines_of_programs_stay_in_the_hub(name: str) -> None:
    assert new_contact(contact(extra=(line(name, "1"),))) == new_contact(contact())


def test_own_lines_with_what_google_has_no_place_for_stay_in_the_hub() -> None:
    assert "userDefined" not in new_contact(contact(extra=(line("X-SIZE", "1", A="b"), line("X-B", "2", "label"))))


def test_r09_a_group_among_the_cards_is_refused_with_the_reason() -> None:
    for refused in (new_contact, kept_contact, lambda group: contact_patch(contact(), group)):
        with pytest.raises(Rejected, match="no groups among its contacts"):
            refused(contact(kind="group"))
    assert new_contact(contact(kind="org")) == new_contact(contact())


def test_a_note_in_html_is_read_as_its_text() -> None:
    assert read({"biographies": [{"value": "<b>a</b><br>b", "contentType": "TEXT_HTML"}]}).note == "a\nb"


def test_an_address_that_google_has_not_taken_apart_is_a_street() -> None:
    assert read({"addresses": [{"formattedValue": "Main Street 1\nLondon"}]}).addresses == (
        Address(street=("Main Street 1\nLondon",)),
    )


def test_a_telephone_that_people_wrote_without_sip_stays_among_the_telephones() -> None:
    there = {"sipAddresses": [{"value": " ada@example.com "}], "imClients": [{"username": "ada"}]}
    base = read_contact(there, "u", {})
    assert {one.value for one in base.chats} == {"sip:ada@example.com", "ada"}
    assert contact_patch(base, replace(base, chats=base.chats[:0])) == {"sipAddresses": [], "imClients": []}
    without = tuple(one for one in base.chats if not one.value.startswith("sip:"))
    assert contact_patch(base, replace(base, chats=without)) == {"sipAddresses": []}


def test_chats_of_other_services_and_without_one() -> None:
    found = contact(chats=(Labelled("name"), Labelled("threema:ABC"), Labelled("xmpp:a@x")))
    assert new_contact(found)["imClients"] == [
        {"username": "name"} | PRIMARY,
        {"username": "ABC", "protocol": "threema"},
        {"username": "a@x", "protocol": "jabber"},
    ]
    talk = contact(chats=(Labelled("xmpp:a@x", params=(("X-SERVICE-TYPE", ("GoogleTalk",)),)),))
    assert new_contact(talk)["imClients"] == [{"username": "a@x", "protocol": "googleTalk"}]
    assert kept_contact(talk) == talk


def test_the_present_company_comes_first_and_a_title_alone_is_the_title() -> None:
    jobs = [{"name": "Old", "current": False}, {"title": "Poet"}, {"name": "New"}]
    found = read({"organizations": jobs})
    assert (found.organization, found.title) == (("New",), "Poet")
    assert found.extra == (line("ORG", "Old"),)


def test_categories_are_the_names_of_groups_that_are_asked_for() -> None:
    groups = {"contactGroups/1": "Friends", "contactGroups/2": "Work"}
    member = [{"contactGroupMembership": {"contactGroupResourceName": f"contactGroups/{one}"}} for one in "219"]
    found = read_contact({"memberships": member}, "u", groups)
    assert found.categories == ("Friends", "Work")
    assert kept_contact(contact(categories=("b", "a"))).categories == ("a", "b")


def test_a_picture_is_kept_and_a_link_to_one_is_not() -> None:
    assert kept_contact(contact(photo=Photo(data="/9j/"))).photo == Photo(data="/9j/", media_type="image/jpeg")
    assert kept_contact(contact(photo=Photo(uri="https://x/y.jpg"))).photo is None


@pytest.mark.parametrize("source", ["PROFILE", "DOMAIN_PROFILE", "DOMAIN_CONTACT", "ACCOUNT"])
def test_what_the_profile_of_a_person_says_is_not_the_contacts(source: str) -> None:
    """What is read is written with the next change of its list: what a company says would become the user's own."""
    profile = {"value": "p@x", "metadata": {"source": {"type": source}}}
    assert read({"emailAddresses": [profile, {"value": "a@x"}]}).emails == (Labelled("a@x"),)


# ---------------------------------------------------------------- what no record has


def test_r20_what_google_says_of_an_entry_and_nobody_maps_stays_when_another_entry_changes() -> None:
    job = {"name": "Engines", "domain": "engines.example", "jobDescription": "sums"}
    told = {"type": "home", "formattedType": "Home", "displayName": "Ada L."}
    person = {
        "names": [{"givenName": "Ada", "phoneticFullName": "Eida", "displayName": "Ada", "unstructuredName": "Ada"}],
        "emailAddresses": [{"value": "a@x", "metadata": {"primary": True}} | told],
        "organizations": [job],
    }
    before = read(person)
    emails = (*before.emails, Labelled("b@x"))
    after = replace(before, emails=emails, name=Name(given=("Ada B.",)), title="Analyst")
    assert with_unknown(person, contact_patch(before, after)) == {
        "names": [{"givenName": "Ada B.", "phoneticFullName": "Eida"}],
        "emailAddresses": [
            {"value": "b@x"} | PRIMARY,
            {"value": "a@x", "type": "home", "displayName": "Ada L."},
        ],
        "organizations": [job | {"title": "Analyst"}],
    }


def test_what_is_another_entry_has_nothing_of_the_old_one() -> None:
    person = {"organizations": [{"name": "Engines", "domain": "engines.example"}]}
    assert with_unknown(person, {"organizations": [{"name": "Other"}]}) == {"organizations": [{"name": "Other"}]}
