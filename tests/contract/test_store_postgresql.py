"""The store's contract on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.contract.store_contract import StoreContract
from tests.contract.store_races import RacesContract

pytestmark = pytest.mark.slow


class TestPostgresql(StoreContract, RacesContract):
    """A server from PyPI."""

    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url
