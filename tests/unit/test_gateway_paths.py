"""Addresses to places and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dav_gateway.paths import Area, Place, address, decoded, place_at, place_of_href

ITEM = Place(Area.CALENDARS, "ada@example.org", "agenda", "a b.ics")
BASE = "/dav/calendars/ada%40example.org/agenda/"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", Place(Area.ROOT)),
        ("/dav", Place(Area.ROOT)),
        ("/dav/", Place(Area.ROOT)),
        ("/dav/principals/ada/", Place(Area.PRINCIPALS, "ada")),
        ("/dav/calendars/ada", Place(Area.CALENDARS, "ada")),
        ("/dav/addressbooks/ada/people", Place(Area.ADDRESSBOOKS, "ada", "people")),
        ("/dav/calendars/ada%40example.org/agenda/a%20b.ics", ITEM),
        ("/dav/calendars/ada@example.org/agenda/a%20b.ics/", ITEM),
        ("/dav/calendars/ada/agenda/..%2F..%2Fetc", Place(Area.CALENDARS, "ada", "agenda", "../../etc")),
    ],
)
def test_places(path: str, place: Place) -> None:
    assert place_at(path) == place


@pytest.mark.parametrize(
    "path",
    [
        "/davx/",
        "/dav/other/",
        "/dav/calendars//agenda/",
        "/dav/calendars/ada/agenda/x/y",
        "/dav/principals/ada/x/y/",
        "/dav/calendars/ada/agenda/..",
        "/dav/calendars/ada/./x",
        "/dav/calendars/ada/agenda/a%0D%0ASet-Cookie:x",
        "/dav/calendars/ada/agenda/a%00b",
        "/dav/calendars/ada/agenda/%FF%FE",
        "/dav/calendars/ada/agenda/" + "x" * 701,
    ],
)
def test_nothing_is_at_these(path: str) -> None:
    assert place_at(path) is None


@pytest.mark.parametrize(
    "href",
    [
        "/dav/calendars/ada%40example.org/agenda/a%20b.ics",
        "/dav/calendars/ada@example.org/agenda/a%20b.ics",
        "https://dav.example.org:8443/dav/calendars/ada@example.org/agenda/a%20b.ics",
        "a%20b.ics",
        "/hub/dav/calendars/ada@example.org/agenda/a%20b.ics",
    ],
)
def test_hrefs_of_all_forms_are_the_same_place(href: str) -> None:
    assert place_of_href(href, BASE, "/hub") == ITEM


def test_a_broken_href_is_nowhere() -> None:
    assert place_of_href("http://[broken/dav/", BASE) is None


@given(st.text(min_size=1, max_size=60))
def test_every_name_that_is_taken_comes_back_from_its_address(name: str) -> None:
    place = Place(Area.CALENDARS, "ada", "agenda", name)
    written = address(place, "/hub")
    assert written.isascii()
    assert "\r" not in written
    found = place_at(written, "/hub")
    assert found == place or (found is None and (decoded_or_none(written) is None))


def decoded_or_none(written: str) -> str | None:
    return decoded(written.rpartition("/")[2])
