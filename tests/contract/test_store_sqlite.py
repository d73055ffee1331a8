"""The store's contract on SQLite."""

from __future__ import annotations

import pytest

from tests.contract.store_contract import StoreContract
from tests.contract.store_races import RacesContract


class TestSqlite(StoreContract, RacesContract):
    """A file."""

    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url
