"""The inverse of changes of one item: a test for each sentence of `agendahub.inverse`."""

from __future__ import annotations

import pytest

from agendahub.inverse import Inverse, Turn, take_back
from sync_engine.item import Item


def task(**fields: str) -> Item:
    lines = [f"{name}:{value}" for name, value in {"UID": "u1", "DTSTAMP": "20260101T000000Z", **fields}.items()]
    return Item.read(
        "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTODO", *lines, "END:VTODO", "END:VCALENDAR", ""])
    )


A, B = task(SUMMARY="a"), task(SUMMARY="b")


def undone(current: Item | None, *turns: tuple[Item | None, Item | None], force: bool = False) -> Inverse:
    return take_back(current, [Turn(*turn) for turn in turns], force=force)


def summary(inverse: Inverse) -> tuple[str, str]:
    assert inverse.item is not None
    master = inverse.item.record.master  # type: ignore[union-attr]
    assert master is not None
    return master.summary, master.location


def test_r03_what_nobody_changed_since_becomes_what_it_was_as_it_was_written() -> None:
    assert undone(B, (A, B)).item is A
    assert undone(None, (A, None)).item is A
    assert undone(B, (None, B)).item is None


def test_r03_later_edits_of_other_fields_stay() -> None:
    now = task(SUMMARY="b", LOCATION="room 1")
    found = undone(now, (A, B))
    assert summary(found) == ("a", "room 1")
    assert (found.problem, found.kept) == ("", ())


def test_r03_a_field_that_was_changed_again_later_is_told_and_left_alone_unless_forced() -> None:
    now, before = task(SUMMARY="c", LOCATION="x"), task(SUMMARY="a", LOCATION="old")
    after = task(SUMMARY="b", LOCATION="x")
    found = undone(now, (before, after))
    assert summary(found) == ("c", "old")
    assert found.kept == ("master.summary",)
    assert summary(undone(now, (before, after), force=True)) == ("a", "old")
    only = undone(task(SUMMARY="c"), (A, B))
    assert (only.problem, only.kept) == ("changed later", ("master.summary",))


@pytest.mark.parametrize(
    ("current", "turn", "problem", "forced"),
    [
        (B, (A, None), "it is there again", B),
        (B, (None, A), "changed later", None),
        (None, (A, B), "deleted later", A),
    ],
)
def test_r03_what_somebody_decided_later_stands_unless_forced(
    current: Item | None, turn: tuple[Item | None, Item | None], problem: str, forced: Item | None
) -> None:
    assert undone(current, turn) == Inverse(current, problem)
    assert undone(current, turn, force=True).item is forced


def test_r03_turns_are_taken_back_the_latest_first() -> None:
    first, other = task(SUMMARY="a", LOCATION="x"), task(SUMMARY="b", LOCATION="x")
    later, last = task(SUMMARY="b", LOCATION="y"), task(SUMMARY="b", LOCATION="y", PRIORITY="1")
    assert summary(undone(last, (later, last), (first, other))) == ("a", "y")  # somebody's change of the place stays


def test_r03_what_came_and_went_or_came_to_nothing_needs_no_undo() -> None:
    assert undone(None, (None, None)) == Inverse(None)
    assert undone(B, (A, A)) == Inverse(B)
