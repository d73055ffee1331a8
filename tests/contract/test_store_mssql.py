"""The store's contract on SQL Server, where the environment names one (AGENDAHUB_TEST_MSSQL_URL)."""

from __future__ import annotations

import os

import pytest

from tests.contract.store_contract import StoreContract
from tests.contract.store_races import RacesContract

if "AGENDAHUB_TEST_MSSQL_URL" not in os.environ:
    pytest.skip("AGENDAHUB_TEST_MSSQL_URL is not set", allow_module_level=True)


class TestMssql(StoreContract, RacesContract):
    """A server that somebody runs."""

    @pytest.fixture
    def url(self, mssql_url: str) -> str:
        return mssql_url
