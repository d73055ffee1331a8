"""What the store refuses, and the names it chooses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from storage.errors import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreOutdated, StoreUnavailable, translate
from storage.hrefs import buried_href, href_for, other_href
from storage.limits import clean, cut, trusted
from sync_engine.model import Kind


@given(st.text(st.characters(exclude_categories=())), st.integers(0, 60))
def test_cut_values_fit_and_begin_like_the_original(value: str, length: int) -> None:
    kept = cut(value, length)
    assert len(kept.encode("utf-16-le")) <= 2 * length
    assert clean(value).startswith(kept)
    assert "\0" not in kept


@given(st.text(min_size=1), st.sampled_from(list(Kind)))
def test_chosen_names_are_one_safe_part_of_a_path(uid: str, kind: Kind) -> None:
    for name in (href_for(uid, kind), other_href(uid, kind, 12)):
        assert 5 <= len(name) <= 160
        assert not set(name) & set("/\\%?#: \0")
        assert name not in {".", ".."}
        assert name.endswith(".vcf" if kind is Kind.CONTACT else ".ics")
    assert href_for(uid, kind) != other_href(uid, kind, 1) != other_href(uid, kind, 2)
    assert ":" in buried_href(1)


def test_names_of_different_uids_differ() -> None:
    uids = ["a", "A", "a/b", "a b", "ä", "../a", "a" * 500, "a" * 501]
    assert len({href_for(uid, Kind.EVENT) for uid in uids}) == len(uids)


def test_a_version_of_absurd_length_is_none() -> None:
    assert trusted('"1"') == '"1"'
    assert trusted("x" * 401) == ""


class _Postgres(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("words of the server\nmore words")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("original", "kind"),
    [
        (Exception("database or disk is full"), StoreFull),
        (Exception("database is locked"), StoreBusy),
        (Exception("database disk image is malformed"), StoreDamaged),
        (Exception("attempt to write a readonly database"), StoreUnavailable),
        (Exception("no such table: items"), StoreOutdated),
        (Exception("unable to open database file"), StoreUnavailable),
        (Exception("[SQL Server]Transaction (Process ID 5) was deadlocked (1205)"), StoreBusy),
        (Exception("[SQL Server]Could not allocate space (1105)"), StoreFull),
        (Exception("something else"), StoreError),
        (_Postgres("53100"), StoreFull),
        (_Postgres("40P01"), StoreBusy),
        (_Postgres("40001"), StoreBusy),
        (_Postgres("57P01"), StoreUnavailable),
        (_Postgres("08006"), StoreUnavailable),
        (_Postgres("28P01"), StoreUnavailable),
        (_Postgres("42P01"), StoreOutdated),
        (_Postgres("XX001"), StoreDamaged),
        (_Postgres("22001"), StoreError),
    ],
)
def test_errors_of_databases_become_ours(original: Exception, kind: type[StoreError]) -> None:
    found = translate(DBAPIError("SELECT secret", {}, original))
    assert type(found) is kind
    assert str(found).endswith((".", ")."))
    assert "\n" not in str(found)
    assert "secret" not in str(found)
