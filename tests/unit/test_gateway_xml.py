"""Reading and writing XML under bounds."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from dav_gateway.answers import Refused
from dav_gateway.elements import empty, inner_xml, read_xml, text, wrapped

_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]><propfind xmlns="DAV:"><prop>&l9;</prop></propfind>'.encode()


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><propfind xmlns="DAV:"/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16"),
        b"<a>" * 100 + b"</a>" * 100,
        b"<a>" * 100_000,
        b"<a><b></a>",
        b"hello",
        b"\xff\xfe\xfd",
    ],
)
def test_bad_xml_is_refused_at_once(body: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(Refused) as caught:
        read_xml(body)
    assert caught.value.status == 400
    assert time.perf_counter() - started < 1


def test_an_empty_body_is_no_xml() -> None:
    assert read_xml(b" \r\n") is None


def test_comments_and_instructions_are_passed_over() -> None:
    root = read_xml(b'<a xmlns="DAV:"><!-- x --><?php x?><b/></a>')
    assert root is not None
    assert [child.tag for child in root] == ["{DAV:}b"]


@given(st.text())
def test_any_text_is_written_so_that_xml_gives_it_back(value: str) -> None:
    root = etree.fromstring(f"<a>{text(value)}</a>".encode())
    allowed = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", value)  # XML 1.0 2.2
    assert (root.text or "") == allowed


def test_foreign_names_carry_their_namespace() -> None:
    name = "{urn:x&y}local"
    for written in (empty(name), wrapped(name, "1")):
        assert etree.fromstring(written).tag == name


def test_a_kept_element_stands_on_its_own() -> None:
    root = etree.fromstring('<D:a xmlns:D="DAV:" xmlns:Z="urn:z"><Z:b c="1"><Z:d>x &amp; y</Z:d></Z:b> tail</D:a>')
    kept = inner_xml(root[0])
    assert etree.tostring(etree.fromstring(kept), method="c14n") == etree.tostring(
        etree.fromstring('<Z:b xmlns:Z="urn:z" c="1"><Z:d>x &amp; y</Z:d></Z:b>'), method="c14n"
    )
