"""The small parts of the DAV connector: addresses, versions, cursors, words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from connectors.dav.cursor import Method, Place, runs_backwards
from connectors.dav.failures import Answer, readable, retry_after
from connectors.dav.hrefs import Origin, canonical_path, id_of, member_id, resource_names, uid_of_name, url_of
from connectors.dav.transport import Transport
from connectors.dav.versions import content_version, is_tag, normal_text, strong_tag
from connectors.settings import ConnectorSettings
from sync_engine.errors import CursorExpired, Unavailable

HOME = Origin("https", "dav.example.org", 443)
BASE = "https://dav.example.org/ada/cal/"


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("href", "remote_id"),
    [
        ("/ada/cal/x.ics", "/ada/cal/x.ics"),
        ("x.ics", "/ada/cal/x.ics"),
        ("https://dav.example.org/ada/cal/x.ics", "/ada/cal/x.ics"),
        ("https://DAV.example.org:443/ada/cal/x.ics", "/ada/cal/x.ics"),
        ("http://dav.example.org/ada/cal/x.ics", "/ada/cal/x.ics"),
        ("/ada%40home/x%20y.ics", "/ada@home/x%20y.ics"),
        ("/ada@home/x y.ics", "/ada@home/x%20y.ics"),
        ("/a/%c3%a4.ics", "/a/%C3%A4.ics"),
        ("/a/ä.ics", "/a/%C3%A4.ics"),
        ("/a/b%2Fc.ics", "/a/b%2Fc.ics"),
        ("https://p1.example.org/ada/x.ics", "https://p1.example.org/ada/x.ics"),
    ],
)
def test_one_address_has_one_id(href: str, remote_id: str) -> None:
    assert id_of(href, BASE, HOME) == remote_id


def test_r29_ids_keep_their_case() -> None:
    assert id_of("/A/x.ics", BASE, HOME) != id_of("/a/x.ics", BASE, HOME)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_canonical_is_a_fixed_point_and_hides_no_slash(name: str) -> None:
    path = canonical_path("/c/" + name)
    assert canonical_path(path) == path
    assert path.count("/") == 2 + name.count("/")


@pytest.mark.parametrize("href", ["ftp://dav.example.org/x", "mailto:x", "http:"])
def test_what_is_no_address_is_refused(href: str) -> None:
    with pytest.raises(ValueError, match="address"):
        id_of(href, BASE, HOME)


@pytest.mark.parametrize(
    ("remote_id", "member"),
    [
        ("/ada/cal/", ""),
        ("/ada/cal", ""),
        ("/ada/cal/x.ics", "/ada/cal/x.ics"),
        ("/proxy/ada/cal/x.ics", "/ada/cal/x.ics"),
        ("/cal/x.ics", "/ada/cal/x.ics"),
        ("/ada/cal/sub/", "/ada/cal/sub/"),
        ("/ada/cal/sub/x.ics", None),
        ("/ada/cal2/x.ics", None),
        ("/ada/cal/..", None),
        ("https://other.example.org/ada/cal/x.ics", "/ada/cal/x.ics"),
    ],
)
def test_members_are_told_from_strangers(remote_id: str, member: str | None) -> None:
    assert member_id("/ada/cal/", remote_id) == member


def test_urls_are_made_from_ids() -> None:
    assert url_of("/x", HOME) == "https://dav.example.org/x"
    assert url_of("https://p1.example.org/x", HOME) == "https://p1.example.org/x"
    assert str(Origin.of("http://[::1]:5232/")) == "http://[::1]:5232"


@given(st.text(min_size=1, max_size=200))
def test_every_uid_has_a_safe_name(uid: str) -> None:
    for name in resource_names(uid, contact=False):
        assert name.isascii()
        assert not set(name) & set("/\\?#% ")
        assert not name.startswith(".")
        assert len(name) <= 124


def test_r29_uids_that_differ_in_case_have_names_that_differ() -> None:
    assert resource_names("A", contact=True) != resource_names("a", contact=True)


def test_a_contact_without_uid_is_called_by_its_resource() -> None:
    assert uid_of_name("/a/Ada%20L.vcf") == "Ada L"


# ---------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ('"a"', '"a"'),
        (' "a" ', '"a"'),
        ("a", '"a"'),
        ('"a-gzip"', '"a"'),
        ('"a;br"', '"a"'),
        ('W/"a"', ""),
        ("", ""),
        (None, ""),
        ('"a\\"', '"a\\"'),
    ],
)
def test_only_strong_tags_are_versions(written: str | None, tag: str) -> None:
    assert strong_tag(written) == tag


def test_hashes_are_no_tags() -> None:
    assert not is_tag(content_version("x"))
    assert is_tag('"x"')
    assert not is_tag("")


@given(st.text())
def test_a_text_has_one_normal_form_whatever_carried_it(text: str) -> None:
    normal = normal_text(text)
    assert normal_text(normal) == normal
    assert normal_text(normal.replace("\r\n", "\n")) == normal
    assert normal_text("\n  " + normal + "\n   ") == normal


# ---------------------------------------------------------------- cursors


@given(st.sampled_from(Method), st.text())
def test_cursors_are_read_as_written(method: Method, token: str) -> None:
    assert Place.read(Place(method, token).written()) == Place(method, token)


@pytest.mark.parametrize("cursor", ["", "x", "{}", "[]", '{"m":"other","t":""}', "null", '{"m":"sync"}'])
def test_r04_foreign_cursors_have_expired(cursor: str) -> None:
    with pytest.raises(CursorExpired):
        Place.read(cursor)


@pytest.mark.parametrize(
    ("before", "after", "backwards"),
    [
        ("data:,5", "data:,6", False),
        ("data:,5", "data:,5", False),
        ("data:,6", "data:,5", True),
        ("bogus", "data:,5", True),
        ("http://x/1", "data:,5", True),
        ("100", "99", True),
        ("9", "10", False),
        ("http://radicale.org/ns/sync/3fa", "http://radicale.org/ns/sync/1b2", False),
        ("CKjx==", "CKjy==", False),
    ],
)
def test_r04_numbered_tokens_only_grow(before: str, after: str, backwards: bool) -> None:
    assert runs_backwards(before, after) is backwards


# ---------------------------------------------------------------- words


def test_words_of_a_page_are_readable() -> None:
    page = b"<html><style>p{}</style><script>x()</script><h1>No &amp; no</h1>\n<p>nine \x07 times</p>" + b"x" * 999
    words = readable(page)
    assert words.startswith("No & no nine times")
    assert len(words) == 300


def test_words_name_the_precondition() -> None:
    body = b'<?xml version="1.0"?><d:error xmlns:d="DAV:"><c:no-uid-conflict xmlns:c="x"/></d:error>'
    assert readable(body) == "(no-uid-conflict)"
    taken = body.replace(b' xmlns:c="x"/>', b"><d:href>/c/a.ics</d:href></c:no-uid-conflict>")
    assert readable(taken) == "(no-uid-conflict) /c/a.ics"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("9999999999", 86400.0),
        ("-1", None),
    ],
)
def test_waits_are_numbers_or_dates(written: str, seconds: float | None) -> None:
    assert retry_after(Answer(503, CaseInsensitiveDict({"Retry-After": written}), b"", "")) == seconds


# ---------------------------------------------------------------- where the password may go


@pytest.mark.parametrize(
    ("home", "url", "allowed"),
    [
        ("https://dav.example.org/", "https://dav.example.org/x", True),
        ("https://dav.example.org/", "https://dav.example.org:8443/x", False),
        ("https://dav.example.org/", "http://dav.example.org/x", False),
        ("http://dav.example.org/", "https://dav.example.org/x", True),
        ("https://dav.example.org/", "https://p1.icloud.com/x", True),
        ("https://dav.example.org/", "https://icloud.com/x", True),
        ("https://dav.example.org/", "https://evilicloud.com/x", False),
        ("https://dav.example.org/", "http://p1.icloud.com/x", False),
        ("https://dav.example.org/", "https://dav.example.org@evil.test/x", False),
        ("https://dav.example.org/", "file:///etc/passwd", False),
    ],
)
def test_the_password_goes_only_where_it_may(home: str, url: str, allowed: bool) -> None:
    transport = Transport(ConnectorSettings(home, "ada", "secret", other_hosts=("icloud.com",)))
    if allowed:
        transport.allow(url)
    else:
        with pytest.raises(Unavailable):
            transport.allow(url)
    transport.close()
