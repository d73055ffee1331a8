"""Properties that are only kept: what must survive of them (RFC 4918 4.3)."""

from __future__ import annotations

from lxml import etree

from dav_gateway.elements import inner_xml

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def kept(prop: str, around: str = "") -> etree._Element:
    root = etree.fromstring(f'<set xmlns="DAV:" xmlns:o="urn:other" xmlns:z="urn:z"{around}><prop>{prop}</prop></set>')
    return etree.fromstring(inner_xml(root[0][0]))


def test_the_language_that_holds_is_kept() -> None:
    assert kept("<z:t>Büro</z:t>", ' xml:lang="de"').get(LANGUAGE) == "de"
    assert kept('<z:t xml:lang="en">office</z:t>', ' xml:lang="de"').get(LANGUAGE) == "en"
    assert LANGUAGE not in kept("<z:t>?</z:t>").attrib


def test_prefixes_that_values_speak_of_are_kept_and_others_are_not() -> None:
    assert kept('<z:t kind="o:thing"/>').nsmap == {"z": "urn:z", "o": "urn:other"}
    assert kept("<z:t><z:u>o:thing</z:u></z:t>").nsmap["o"] == "urn:other"
    assert kept("<z:t>thing</z:t>").nsmap == {"z": "urn:z"}


def test_mixed_content_is_kept_as_it_is() -> None:
    found = kept("<z:t> a <z:b> b </z:b>\n c &amp; <z:d/></z:t>")
    assert etree.tostring(found) == b'<z:t xmlns:z="urn:z"> a <z:b> b </z:b>\n c &amp; <z:d/></z:t>'
