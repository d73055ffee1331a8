"""The store of the simulation behaves as the real ones: their contract, as far as it asks no SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tests.contract.store_contract import StoreContract
from tests.databases import TestClock
from tests.simulation.memory_store import MemoryStore

_LOOKS_INTO_TABLES = (
    "test_an_unchanged_text_makes_no_revision_and_no_number",
    "test_a_change_makes_a_revision_and_a_number",
    "test_look_alikes_are_alive_and_not_linked_by_this_binding",
    "test_hrefs_come_from_safe_uids_and_else_from_a_digest",
    "test_a_chosen_href_is_kept_and_never_taken_twice",
    "test_a_deleted_name_comes_back_with_its_uid_and_else_goes_to_the_new_item",
    "test_an_item_can_be_renamed_and_its_old_name_used_again",
    "test_query_tables_follow_the_item",
    "test_times_at_the_ends_of_the_calendar_are_stored",
    "test_values_for_people_are_cut_to_their_columns",
    "test_r07_a_conflict_keeps_both_sides",
    "test_r26_a_quarantine_entry_says_what_happened_and_counts",
    "test_an_exception_undoes_everything",
)


@dataclass
class MemoryHub:
    """As `tests.databases.Hub`."""

    database: MemoryStore
    clock: TestClock
    collection: int = 1
    other_collection: int = 2
    binding: int = 1
    other_binding: int = 2


class TestMemoryStore(StoreContract):
    """In this process."""

    @pytest.fixture
    def hub(self) -> MemoryHub:
        store = MemoryStore()
        store.state.seqs = {1: 0, 2: 0}
        for number, name, approved in ((1, "work", True), (2, "home", False)):
            made = store.bind(name, 1, "/cal/", approved=approved)
            store.state.bindings[number] = replace(store.state.bindings.pop(made), id=number)
        return MemoryHub(store, TestClock())

    def test_an_exception_undoes_all(self, hub: MemoryHub) -> None:
        before = hub.database.state.copy()
        with pytest.raises(ZeroDivisionError), hub.database.begin() as unit:  # noqa: PT012
            unit.set_cursor(1, "lost")
            raise ZeroDivisionError
        assert hub.database.state == before
        assert hub.database.commits == 2  # the bindings

    def test_a_commit_that_fails_happened_or_not(self, hub: MemoryHub) -> None:
        def late(commit: Callable[[], None]) -> None:
            commit()
            raise ConnectionError

        for commit, cursor in ((lambda _work: None, None), (late, "b")):
            try:
                with hub.database.begin(commit) as unit:
                    unit.set_cursor(1, "b")
            except ConnectionError:
                assert cursor
            with hub.database.read() as unit:
                assert unit.binding(1).cursor == cursor


for _name in _LOOKS_INTO_TABLES:
    setattr(TestMemoryStore, _name, None)
