"""What a search for addresses and numbers leaves out without reading it is never what it is to find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.servers.gateway import Hub, Phone, running_hub

BOOK = "/dav/addressbooks/ada/people/"
CARDS = {
    "plain": ("EMAIL:ada@example.org", "TEL:+41 79 1"),
    "upper": ("EMAIL;TYPE=work:ADA@Example.ORG",),
    "grouped": ("item1.EMAIL:grouped.ada@example.org", "item1.X-ABLabel:Work"),
    "second": ("EMAIL:other@example.org", "EMAIL:second.ada@example.org"),
    "long": ("EMAIL:" + "x" * 330 + "ada@example.org",),
    "foreign": ("EMAIL:\u212ada@example.org",),
    "number": ("TEL:ada-phone",),
    "none": (),
    "other": ("EMAIL:bob@example.org", "TEL:+41 79 2"),
}


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    with running_hub(tmp_path) as hub:
        yield _phone(hub)


def _phone(hub: Hub) -> Phone:
    hub.user("ada")
    book = hub.collection("people", "contact")
    for name, lines in CARDS.items():
        hub.item(book, _card(name, lines), href=f"{name}.vcf")
    return hub.phone("ada")


def _card(name: str, lines: tuple[str, ...]) -> str:
    inner = "".join(f"{line}\r\n" for line in lines)
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nFN:{name}\r\nN:{name};;;;\r\n{inner}END:VCARD\r\n"


def found(phone: Phone, test: str, *filters: str) -> set[str]:
    body = (
        '<A:addressbook-query xmlns:A="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"><D:prop><D:getetag/></D:prop>'
        f'<A:filter test="{test}">{"".join(filters)}</A:filter></A:addressbook-query>'
    )
    answer = phone.request("REPORT", BOOK, data=body.encode(), headers={"Depth": "1"})
    assert answer.status_code == 207, answer.text
    hrefs = etree.fromstring(answer.content).findall("{DAV:}response/{DAV:}href")
    return {(href.text or "").rpartition("/")[2].removesuffix(".vcf") for href in hrefs}


def prop(name: str, *texts: str, attributes: str = "", test: str = "anyof") -> str:
    inner = "".join(f"<A:text-match {attributes}>{text}</A:text-match>" for text in texts)
    return f'<A:prop-filter name="{name}" test="{test}">{inner}</A:prop-filter>'


def test_addresses_are_found_in_whatever_way_they_are_written(phone: Phone) -> None:
    assert found(phone, "anyof", prop("EMAIL", "ada@example")) == {"plain", "upper", "grouped", "second", "long"}
    assert found(phone, "anyof", prop("EMAIL", "kda@")) == {"foreign"}  # the sign of Kelvin is a K (RFC 5051)


def test_numbers_and_addresses_together(phone: Phone) -> None:
    both = (prop("EMAIL", "ada@"), prop("TEL", "79 1"))
    assert found(phone, "allof", *both) == {"plain"}
    assert found(phone, "anyof", prop("EMAIL", "bob@"), prop("TEL", "ada")) == {"other", "number"}


def test_what_the_tables_cannot_tell_is_read(phone: Phone) -> None:
    absent = '<A:prop-filter name="EMAIL"><A:is-not-defined/></A:prop-filter>'
    assert found(phone, "anyof", absent) == {"number", "none"}
    assert found(phone, "anyof", prop("EMAIL", "bob@"), prop("FN", "none")) == {"other", "none"}
    assert found(phone, "anyof", prop("EMAIL", "example.org", attributes='negate-condition="yes"')) == set()
    starts = prop("EMAIL", "ada@", attributes='match-type="starts-with"')
    assert found(phone, "anyof", starts) == {"plain", "upper"}


def test_a_percent_sign_is_one(phone: Phone) -> None:
    assert found(phone, "anyof", prop("EMAIL", "a%a")) == set()
    assert found(phone, "anyof", prop("EMAIL", "_da@")) == set()
    assert found(phone, "allof", prop("EMAIL", "ada@", "bob@", test="allof")) == set()
    octets = prop("EMAIL", "ADA@", attributes='collation="i;octet"')
    assert found(phone, "anyof", octets) == {"upper"}


def test_a_deleted_contact_and_one_that_has_changed(phone: Phone) -> None:
    phone.request("DELETE", BOOK + "plain.vcf")
    phone.request("PUT", BOOK + "upper.vcf", data=_card("upper", ()).encode(), headers={"Content-Type": "text/vcard"})
    assert found(phone, "anyof", prop("EMAIL", "ada@example")) == {"grouped", "second", "long"}


def test_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    with running_hub(tmp_path, url=postgres_url) as hub:
        phone = _phone(hub)
        assert found(phone, "anyof", prop("EMAIL", "ada@example")) == {"plain", "upper", "grouped", "second", "long"}
        assert found(phone, "anyof", prop("EMAIL", "kda@")) == {"foreign"}
        assert found(phone, "anyof", prop("EMAIL", "a%a"), prop("TEL", "79 1")) == {"plain"}
