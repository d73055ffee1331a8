"""Who is responsible has one name wherever it is said: responsible_id; the older user_id goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm.actor import INTAKE
from crm.request.model import NewRequest
from crm.request.opening import open_request
from crm.settings import CrmSettings
from tests.requests_api_here import ApiHere, api_here


@pytest.fixture
def here(tmp_path: Path, sqlite_url: str) -> Iterator[ApiHere]:
    with api_here(tmp_path, sqlite_url) as found:
        with found.database.begin() as unit:
            found.user(unit, "ada", "supervisor")
            open_request(unit, CrmSettings(), INTAKE, NewRequest(subject="Lamp"))
        yield found


def test_assign_takes_responsible_id_as_status_and_move_do(here: ApiHere) -> None:
    client, ada, version = here.client("ada"), here.users["ada"], 1
    said: tuple[dict[str, Any], ...] = (
        {"responsible_id": ada},
        {"user_id": None},
        {"user_id": ada},
        {"responsible_id": None},
        {"responsible_id": ada, "user_id": ada},
    )
    for body in said:
        answer = client.ask("POST", "/requests/1/assign", {"version": version, **body})
        assert (answer.status, answer.json()["responsible_id"]) == (200, next(iter(body.values()))), body
        version = answer.json()["version"]
    wrong: tuple[dict[str, Any], ...] = ({}, {"responsible_id": ada, "user_id": None}, {"responsible_id": "ada"})
    for body in wrong:
        answer = client.ask("POST", "/requests/1/assign", {"version": version, **body})
        assert answer.status == 422, body
        assert "responsible_id" in answer.json()["error"], body
    assert client.ask("GET", "/requests/1").json()["version"] == version
