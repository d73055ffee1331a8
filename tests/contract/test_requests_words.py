"""The search finds the same on every database: by FTS5, by an index of PostgreSQL, and by LIKE as on SQL Server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.compiler import compiles

from crm.request import words
from storage.crm import request_search
from storage.tables import request_texts, requests
from tests.contract.request_world import Desk, desk_in

ALPHABET = "abAB\u00e9\u00df1\u6f22\u0130\u03c3\u2126 -_%'\"\\.:*&|!()\t"
TEXTS = st.text(st.one_of(st.sampled_from(ALPHABET), st.characters(codec="utf-8")), max_size=25)
DOCUMENTS = [
    *("abba ab aB", "ab-ab_ab", "b\u00e9b\u00e9 beb", "\u00df SS 1a", "\u6f22b\u6f22", "a%b 'a' \"b\"", "abcdefgh" * 9),
    *("1 11 111 1111", "\u0130b \u03c3\u2126 ab", "", "b", "a b c d e f"),
]


PARTS = st.tuples(st.sampled_from(DOCUMENTS), st.integers(0, 9), st.integers(1, 9)).map(
    lambda t: t[0][t[1] : t[1] + t[2]]
)


class _ByLikes(request_search._HasWords):
    """As SQL Server reads it."""

    inherit_cache = True


compiles(_ByLikes)(request_search._by_likes)


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with desk_in(store_url) as made:
        yield made


def expected(asked: Sequence[str]) -> set[int]:
    """What plain Python finds: each word begins one of the document's; a short one is one of them."""

    def has(document: str, word: str) -> bool:
        there = set(words.words_of(document))
        return any(w.startswith(word) for w in there) if len(word) >= request_search.WHOLE else word in there

    return {n for n, document in enumerate(DOCUMENTS, 1) if all(has(document, word) for word in asked)}


def by_likes(asked: Sequence[str]) -> ColumnElement[bool]:
    found = request_search.has_words(asked)
    assert isinstance(found, request_search._HasWords)
    return _ByLikes(*found.clauses)


def test_all_ways_to_search_find_the_same(desk: Desk) -> None:
    for document in DOCUMENTS:
        made = desk.open("", customer_id=None, customer_address="")
        with desk.database.begin() as unit:
            request_search.write(unit.session.connection, made.id, words.indexed([document]), 0)

    @given(st.one_of(TEXTS, st.sampled_from(DOCUMENTS), PARTS))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(text: str) -> None:
        asked = words.asked(text)
        if not asked:
            return
        for condition in (request_search.has_words(asked), by_likes(asked)):
            found = unit.session.connection.execute(select(requests.c.id).where(condition)).scalars()
            assert set(found) == expected(asked), asked

    with desk.database.read() as unit:
        check()


def test_the_index_follows_what_is_written_over_and_taken_away(desk: Desk) -> None:
    made = [desk.open(f"Lamp {n}").id for n in range(3)]
    with desk.database.begin() as unit:
        connection = unit.session.connection
        request_search.write(connection, made[0], words.indexed(["zebra zebu"]), 0)
        request_search.write(connection, made[0], words.indexed(["chair"]), 0)
        connection.execute(delete(request_texts).where(request_texts.c.request_id == made[1]))
        if desk.database.engine.dialect.name == "sqlite":  # raises where its table differs from ours
            connection.exec_driver_sql("INSERT INTO request_words (request_words, rank) VALUES ('integrity-check', 1)")
        for asked, expected in (("zebra", []), ("zebu", []), ("chair", made[:1]), ("lamp", made[2:])):
            condition = request_search.has_words([asked])
            assert connection.execute(select(requests.c.id).where(condition)).scalars().all() == expected


def test_what_is_asked_is_a_parameter(desk: Desk) -> None:
    statement = str(select(requests.c.id).where(request_search.has_words(["abc", "de"])).compile(desk.database.engine))
    assert "abc" not in statement
    assert "de" not in statement.replace("order", "")


@given(TEXTS, TEXTS)
@settings(max_examples=100, deadline=None)
def test_words_are_letters_and_digits_in_lower_case_without_accents(one: str, other: str) -> None:
    for word in words.words_of(one):
        assert word.replace("\u0345", "").isalnum() or not word.isascii()
        assert word == word.casefold()
        assert 0 < len(word) <= words.LONGEST
        assert tuple(words.words_of(word)) == (word,) or len(word) == words.LONGEST or not word.isascii()
    kept = words.indexed([one, other])
    assert kept == words.indexed([other], words.indexed([one]))
    assert set(kept.split()) == {*words.words_of(one), *words.words_of(other)}


def test_a_request_keeps_a_bounded_number_of_words() -> None:
    kept = words.indexed([" ".join(map(str, range(words.MOST * 2)))])
    assert len(kept.split()) == words.MOST


@pytest.mark.parametrize(
    ("text", "asked"), [("a lamp", ("lamp",)), ("a b", ("a", "b")), ("\u6f22 lamp", ("\u6f22", "lamp"))]
)
def test_a_letter_alone_is_left_out_where_there_are_longer_words(text: str, asked: tuple[str, ...]) -> None:
    assert words.asked(text) == asked


def test_a_long_question_is_cut() -> None:
    assert len(words.asked(" ".join(map(str, range(100, 200))))) == words.MOST_ASKED
