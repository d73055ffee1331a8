"""Parts of a body, and conditional reading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dav_gateway.answers import Refused
from dav_gateway.ranges import is_unchanged, part_of

AT = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-3", (0, 4)),
        ("bytes=4-", (4, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("Bytes = 2-99", (2, 10)),
        ("", None),
        ("bytes=0-1,3-4", None),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=x", None),
    ],
)
def test_a_part(asked: str, part: tuple[int, int] | None) -> None:
    found = part_of({"range": asked}, 10, etag="e", changed_at=AT)
    assert (found and (found.first, found.end)) == part


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused_with_the_size(asked: str) -> None:
    with pytest.raises(Refused) as caught:
        part_of({"range": asked}, 10, etag="e", changed_at=AT)
    assert (caught.value.status, caught.value.headers) == (416, {"content-range": "bytes */10"})


@pytest.mark.parametrize(
    ("if_range", "meant"),
    [
        ('"e"', True),
        ('W/"e"', False),
        ('"f"', False),
        ("Sun, 01 Mar 2026 12:00:00 GMT", True),
        ("Sun, 01 Mar 2026 12:00:01 GMT", False),
        ("nonsense", False),
    ],
)
def test_if_range(if_range: str, meant: bool) -> None:
    found = part_of({"range": "bytes=0-3", "if-range": if_range}, 10, etag="e", changed_at=AT)
    assert (found is not None) is meant


@pytest.mark.parametrize(
    ("headers", "unchanged"),
    [
        ({}, False),
        ({"if-modified-since": "Sun, 01 Mar 2026 12:00:00 GMT"}, True),
        ({"if-modified-since": "Sun, 01 Mar 2026 11:59:59 GMT"}, False),
        ({"if-modified-since": "nonsense"}, False),
        ({"if-modified-since": "1 Dec 9999992023 0:10:00"}, False),
        ({"if-modified-since": "Mon, 01 Jan 0001 00:00:00 +1200"}, False),
        ({"if-modified-since": "Fri, 31 Dec 9999 23:59:59 -1200"}, False),
        ({"if-none-match": '"f"', "if-modified-since": "Sun, 01 Mar 2026 12:00:00 GMT"}, False),
        ({"if-none-match": 'W/"e"'}, True),
    ],
)
def test_what_is_unchanged(headers: dict[str, str], unchanged: bool) -> None:
    assert is_unchanged(headers, "e", AT) is unchanged
