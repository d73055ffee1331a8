"""Contacts at Google: what is another value there, what stays in the hub, and what stays there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.google_workspace.mapping_contacts import (
    contact_patch,
    kept_contact,
    new_contact,
    read_contact,
    with_unknown,
)
from sync_engine.errors import Rejected
from sync_engine.model import Address, Contact, Labelled, Name, Photo
from tests.property.google_keeps import person_answered
from tests.unit.google_people import PRIMARY, contact, label, line, read

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
