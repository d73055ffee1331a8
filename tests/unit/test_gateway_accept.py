"""What clients accept."""

from __future__ import annotations

import zlib

import pytest

from dav_gateway.accept import card_version, takes_gzip
from dav_gateway.answers import XML, Answer
from dav_gateway.compression import SMALLEST, compressed


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        ("", ""),
        ("*/*", ""),
        ("text/vcard", ""),
        ("text/vcard; version=4.0", "4.0"),
        ('Text/VCard;Version="3.0"', "3.0"),
        ("text/vcard;version=3.0;q=0.5, text/vcard;version=4.0", "4.0"),
        ("text/vcard;version=4.0;q=0.5, text/vcard", ""),
        ("text/vcard;version=2.1", ""),
        ("application/vcard+json;version=4.0", ""),
        ("text/vcard;version=4.0;q=x", ""),
    ],
)
def test_the_version_of_cards_that_is_wanted_most(accept: str, version: str) -> None:
    assert card_version(accept) == version


@pytest.mark.parametrize(
    ("header", "takes"),
    [("", False), ("gzip", True), ("br, GZIP;q=0.1", True), ("gzip;q=0", False), ("*", False), ("identity", False)],
)
def test_who_takes_gzip(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


LONG = b"<D:response/>" * SMALLEST
GZIP = {"accept-encoding": "gzip"}


def test_long_answers_are_compressed_for_who_asks_for_it() -> None:
    found = compressed(Answer(207, LONG, {"content-type": XML, "vary": "Accept"}), GZIP)
    assert isinstance(found.body, bytes)
    assert zlib.decompress(found.body, 31) == LONG
    assert (found.headers["content-encoding"], found.headers["vary"]) == ("gzip", "Accept, Accept-Encoding")
    plain = compressed(Answer(207, LONG, {"content-type": XML}), {})
    assert (plain.body, plain.headers["vary"]) == (LONG, "Accept-Encoding")


def test_an_answer_in_parts_stays_in_parts_and_has_no_empty_one() -> None:
    found = compressed(Answer(207, iter([LONG] * 30), {"content-type": XML}), GZIP)
    assert not isinstance(found.body, bytes)
    parts = list(found.body)
    assert b"" not in parts
    assert zlib.decompress(b"".join(parts), 31) == LONG * 30


@pytest.mark.parametrize(
    "answer",
    [
        Answer(207, LONG[: SMALLEST - 1], {"content-type": XML}),
        Answer(200, LONG, {"content-type": "text/calendar", "etag": '"1"'}),
        Answer(200, LONG, {"content-type": "image/jpeg"}),
        Answer(204, b"", {}),
    ],
)
def test_short_answers_and_octets_behind_a_tag_stay_as_they_are(answer: Answer) -> None:
    assert compressed(answer, GZIP) is answer
