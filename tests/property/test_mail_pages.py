"""Pages of a mail folder: wherever a first listing breaks off, every mail is told, and none is told twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mail import Arrival, MailPage
from connectors.mail_sizes import TOGETHER, Sizes
from connectors.microsoft.oldest_first import MailCursor, later, read, whole
from sync_engine.errors import CursorExpired

_TIMES = st.none() | st.integers(0, 3).map(lambda n: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=n))
_FOLDERS = st.dictionaries(st.text("abAB12=", min_size=1, max_size=4), _TIMES, max_size=12)


def arrivals(folder: dict[str, datetime | None]) -> list[Arrival]:
    return [Arrival(one, arrived_at=at) for one, at in folder.items()]


def ids(pages: list[MailPage]) -> list[str]:
    return [one.id for page in pages for one in page.arrivals]


@given(_FOLDERS, st.integers(1, 5), st.integers(0, 12))
def test_a_first_listing_that_breaks_off_after_any_page_is_gone_on_with(
    folder: dict[str, datetime | None], page: int, broken: int
) -> None:
    pages = list(whole(arrivals(folder), MailCursor("F", "link"), complete=True, page=page))
    assert sorted(ids(pages)) == sorted(folder)
    times = [one.arrived_at for one_page in pages for one in one_page.arrivals]
    known = [at for at in times if at is not None]
    assert known == sorted(known)
    assert list(takewhile(lambda at: at is None, times)) == [at for at in times if at is None]
    assert [one.complete for one in pages] == [False] * (len(pages) - 1) + [True]
    kept = pages[: broken % len(pages) + 1]
    cursor = read(kept[-1].cursor, "F")
    assert cursor.link == "link"
    if kept[-1] is pages[-1]:
        assert cursor.mark is None
    else:
        rest = list(whole(arrivals(folder), cursor, complete=False, page=page))
        assert ids(kept) + ids(rest) == ids(pages)
        assert rest[-1].cursor == pages[-1].cursor


@given(_FOLDERS, st.integers(1, 5))
def test_a_later_round_is_kept_when_it_was_told_whole(folder: dict[str, datetime | None], page: int) -> None:
    pages = list(later(arrivals(folder), "old", "new", page))
    assert sorted(ids(pages)) == sorted(folder)
    assert [(one.cursor, one.complete) for one in pages] == [("old", False)] * (len(pages) - 1) + [("new", True)]


@given(st.text(max_size=60))
def test_what_is_no_cursor_has_expired(text: str) -> None:
    with pytest.raises(CursorExpired):
        read(text, "F")


@given(st.lists(st.tuples(st.uuids().map(str), st.sampled_from([0, 1, TOGETHER // 3, TOGETHER - 1, TOGETHER * 2]))))
def test_groups_keep_the_order_and_are_of_a_bearable_size(mails: list[tuple[str, int]]) -> None:
    sizes = Sizes()
    sizes.note([Arrival(one, size) for one, size in mails])
    groups = list(sizes.groups([one for one, _ in mails], 20))
    assert [one for group in groups for one in group] == [one for one, _ in mails]
    told = dict(mails)
    assert all(len(group) <= 20 for group in groups)
    assert all(len(group) == 1 or sum(told[one] for one in group) <= TOGETHER for group in groups)
