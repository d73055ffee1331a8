"""The company's address book in many mailboxes: what is the same at Microsoft 365, Exchange and Google."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from storage.admin_config import forget_binding
from tests.integration.google_workspace.fanout_world import GoogleCompany, google_front
from tests.integration.microsoft.fanout_world import (
    PEOPLE,
    Company,
    all_well,
    company_of_three,
    ews_front,
    graph_front,
)

ADA = PEOPLE[0]
FRONTS: dict[str, tuple[Callable[[], AbstractContextManager[Any]], type[Company]]] = {
    "microsoft365": (graph_front, Company),
    "exchange": (ews_front, Company),
    "google": (google_front, GoogleCompany),
}


@pytest.fixture(params=FRONTS)
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    made, kind = FRONTS[request.param]
    with made() as front, company_of_three(front, tmp_path, kind) as company:
        yield company


@pytest.mark.parametrize("forgotten", [False, True])
def test_r11_who_comes_back_is_matched_without_duplicates(company: Company, forgotten: bool) -> None:
    all_well(company.sync())
    company.front.drop(ADA)
    company.refresh()
    company.put("u1", "Grace Murray")
    all_well(company.sync())
    if forgotten:
        with company.workspace.database.begin() as unit:
            assert forget_binding(unit.session.connection, f"book/{ADA}")
    company.front.join(ADA)
    assert company.refresh().joined == (ADA,)
    all_well(company.sync())
    all_well(company.sync())
    assert company.inside(ADA) == company.everybody(ADA) == ["Alan Turing", "Grace Murray"]
    assert company.names() == ["Alan Turing", "Grace Murray"]
