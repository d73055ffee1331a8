"""Reading multi-status answers from servers that are not trusted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dav.xml_reader import Multistatus, MultistatusReader, status_of
from sync_engine.errors import SuspectListing

GOOD = (
    '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:" xmlns="urn:x">'
    "<D:response><D:href> /c/a.ics </D:href><D:propstat><D:prop><D:getetag>&quot;1&quot;</D:getetag>"
    "<deep><D:href>/h</D:href></deep></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
    "<D:propstat><D:prop><D:displayname/></D:prop>"
    "<D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>"
    "<D:response><D:href>/c/ö.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
    "<D:response><D:href>/c/</D:href><D:status>HTTP/1.1 507 Full</D:status>"
    "<D:error><D:number-of-matches-within-limits/></D:error></D:response><D:sync-token>t</D:sync-token></D:multistatus>"
).encode()


def read(body: bytes, size: int = 65536) -> Multistatus:
    reader = MultistatusReader()
    reader(iter([body[n : n + size] for n in range(0, len(body), size)]))
    return reader.result


@given(st.integers(1, len(GOOD)))
def test_an_answer_reads_the_same_in_pieces_of_any_size(size: int) -> None:
    result = read(GOOD, size)
    first, second, third = result.resources
    assert (first.href, first.status, first.text("{DAV:}getetag")) == ("/c/a.ics", 0, '"1"')
    assert first.found["{urn:x}deep"].hrefs == ("/h",)
    assert "{DAV:}displayname" not in first.found
    assert (second.href, second.status) == ("/c/ö.ics", 404)
    assert (third.status, third.error) == (507, "number-of-matches-within-limits")
    assert result.sync_token == "t"


@given(st.integers(0, len(GOOD) - 1))
def test_r01_an_answer_cut_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(SuspectListing):
        read(GOOD[:length])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"hello",
        b"<html><body>x</body></html>",
        b"<d:error xmlns:d='DAV:'/>",
        b"<multistatus/>",
        b'{"error": 1}',
        b"\xff\xfe\x00",
        GOOD + b"<more/>",
        GOOD.replace(b"/c/a", b"/c/\x01"),
    ],
)
def test_r01_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(SuspectListing):
        read(body)


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY f SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize("entity", [b"&b;", b"&f;", b""])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("size", [1, 65536])
def test_documents_with_a_doctype_are_refused(entity: bytes, encoding: str, size: int) -> None:
    body = ENTITIES + GOOD.partition(b"?>")[2].replace(b"/c/a.ics", entity)
    with pytest.raises(SuspectListing):
        read(body.decode().encode(encoding), size)


def test_a_huge_value_is_refused() -> None:
    with pytest.raises(SuspectListing):
        read(GOOD.replace(b"/c/a.ics", b"x" * 11_000_000))


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(SuspectListing):
        read(GOOD.replace(b"<D:prop>", b"<D:prop>" + b"<x>" * 5000, 1))


@pytest.mark.parametrize(
    ("line", "status"),
    [("HTTP/1.1 200 OK", 200), ("HTTP/2 404", 404), ("", 0), (None, 0), ("OK", 0), ("HTTP/1.1 2000 x", 0)],
)
def test_status_lines(line: str | None, status: int) -> None:
    assert status_of(line) == status
