"""Failures in a sliding window, preconditions, tokens, credentials: small pure parts of the gateway."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from dav_gateway.answers import Refused
from dav_gateway.auth import credentials, network
from dav_gateway.limiter import FailureWindow
from dav_gateway.preconditions import check, matches
from dav_gateway.tokens import seq_of, sync_token
from storage.dav_store import Shelf

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_failures_count_until_they_are_old() -> None:
    window = FailureWindow(3, 10 * MINUTE)
    for number in range(3):
        assert not window.exceeded("a", NOW)
        window.add("a", NOW + number * MINUTE)
    assert window.exceeded("a", NOW + 9 * MINUTE)
    assert not window.exceeded("a", NOW + 10 * MINUTE)
    assert window.count("a", NOW + 11 * MINUTE) == 1


def test_memory_is_bounded_whoever_fails() -> None:
    window = FailureWindow(5, MINUTE, max_keys=100)
    for number in range(10_000):
        window.add(str(number), NOW)
    assert len(window) == 100


@pytest.mark.parametrize(
    ("header", "etag", "found"),
    [
        ('"abc"', "abc", True),
        ('W/"abc"', "abc", True),
        ("abc", "abc", True),
        ('"x", "abc"', "abc", True),
        ('"x"', "abc", False),
        ('"abcd"', "abc", False),
        ("*", "abc", True),
        ("*", None, False),
        ('"abc"', None, False),
        ("", "abc", False),
    ],
)
def test_entity_tags(header: str, etag: str | None, found: bool) -> None:
    assert matches(header, etag) is found


@pytest.mark.parametrize(
    ("headers", "etag", "refused"),
    [
        ({}, "abc", False),
        ({}, None, False),
        ({"if-match": '"abc"'}, "abc", False),
        ({"if-match": '"old"'}, "abc", True),
        ({"if-match": '"abc"'}, None, True),
        ({"if-match": "*"}, None, True),
        ({"if-none-match": "*"}, None, False),
        ({"if-none-match": "*"}, "abc", True),
        ({"if-none-match": '"abc"'}, "abc", True),
        ({"if-none-match": '"old"'}, "abc", False),
    ],
)
def test_conditions_of_writes(headers: dict[str, str], etag: str | None, refused: bool) -> None:
    if refused:
        with pytest.raises(Refused) as caught:
            check(headers, etag)
        assert caught.value.status == 412
    else:
        check(headers, etag)


SHELF = Shelf(1, "a", None, "A", frozenset(("event",)), "", "", 0, "", "epoch", 10, 4, NOW, "", "write", "a")


@pytest.mark.parametrize(
    ("token", "seq"),
    [
        (sync_token(SHELF), 10),
        (sync_token(SHELF, 4), 4),
        (sync_token(SHELF, 3), None),  # below the floor: deletions are forgotten
        (sync_token(SHELF, 11), None),  # from the future
        ("http://agendahub/ns/sync/other/5", None),
        ("http://agendahub/ns/sync/epoch/", None),
        ("http://agendahub/ns/sync/epoch/-5", None),
        ("http://agendahub/ns/sync/epoch/٥", None),
        ("http://agendahub/ns/sync/epoch/" + "9" * 400, None),
        ("5", None),
        ("http://sabre.io/ns/sync/5", None),
    ],
)
def test_tokens(token: str, seq: int | None) -> None:
    assert seq_of(token, SHELF) == seq


def _basic(octets: bytes) -> str:
    return f"Basic {base64.b64encode(octets).decode()}"


@pytest.mark.parametrize(
    ("header", "user", "password"),
    [
        (_basic(b"ada:secret"), "ada", "secret"),
        (_basic(b"ada:se:cret"), "ada", "se:cret"),
        (_basic("zoë:x".encode()), "zoë", "x"),
        (_basic("zoë:x".encode("latin-1")), "zoë", "x"),
        ("basic !!!", "", ""),
        ("Basic", "", ""),
    ],
)
def test_credentials(header: str, user: str, password: str) -> None:
    assert credentials(header) == (user, password)


@pytest.mark.parametrize("header", ["", "Bearer abc", "Digest username=x"])
def test_other_schemes_are_asked_for_basic(header: str) -> None:
    with pytest.raises(Refused) as caught:
        credentials(header)
    assert caught.value.status == 401
    assert caught.value.headers["www-authenticate"].startswith("Basic ")


def test_one_ipv6_network_is_one_address() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1")
    assert network("2001:db8::1") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") == "192.0.2.1"
    assert network("fe80::1%eth0") == network("fe80::2")
    assert network("") == ""
