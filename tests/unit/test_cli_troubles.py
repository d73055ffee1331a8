"""What the quarantine tells an admin: R09, R26."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agendahub.troubles import troubles
from storage.admin_lists import QuarantineRow
from sync_engine.steps import ANOTHER_OF_ITS_UID

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def row(**more: Any) -> QuarantineRow:
    values: dict[str, Any] = dict.fromkeys(QuarantineRow.__dataclass_fields__, "")
    values |= {"id": 7, "item_id": 42, "first_at": NOW, "last_at": NOW, "tries": 1, "frozen": False, "raw": "BEGIN:X"}
    return QuarantineRow(**values | more)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (row(operation="read", uid="u1", message=f"{ANOTHER_OF_ITS_UID} u1."), "Remove or copy one of the items"),
        (row(operation="read", uid="u1", message="The hub cannot hold this item"), "Correct it at the account"),
        (row(operation="read"), "Correct it at the account"),
        (row(operation="update"), "Change what the server objects to"),
        (row(operation="delete"), "agendahub undo 42"),
        (row(operation="update", frozen=True), "keeps changing it"),
    ],
)
def test_r26_every_entry_says_what_to_do(entry: QuarantineRow, words: str) -> None:
    (told,) = troubles([entry])
    assert words in told.what_to_do
    assert told.what_to_do.endswith("agendahub quarantine retry 7")
    assert told.raw == ""


def test_r09_an_entry_says_when_it_is_tried_again_and_a_frozen_one_that_it_is_not() -> None:
    first, third, frozen = troubles([row(tries=1), row(tries=3), row(frozen=True)], raw=True)
    assert (first.next_try_at, third.next_try_at) == (NOW + timedelta(hours=1), NOW + timedelta(hours=4))
    assert frozen.next_try_at is None
    assert first.raw == "BEGIN:X"
