"""Two clicks are one mail, one ticket, one request: an Idempotency-Key on real databases, at the same moment too."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from crm import people
from crm.actor import ADMIN
from storage import tables as t
from storage.crm.api_answers import KEPT
from tests.requests_api_here import ApiHere, api_here


@pytest.fixture
def here(tmp_path: Path, store_url: str) -> Iterator[ApiHere]:
    with api_here(tmp_path, store_url) as found:
        with found.database.begin() as unit:
            found.user(unit, "ada", "administrator")
        yield found


def test_the_same_key_at_the_same_moment_does_it_once(here: ApiHere) -> None:
    client = here.client("ada")
    key = {"idempotency-key": "k"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.ask("POST", "/groups", {"name": "g"}, headers=key), range(6)))
    assert {answer.status for answer in answers} == {201}
    with here.database.read() as unit:
        assert [group.name for group in people.groups(unit, ADMIN)] == ["g"]


def test_a_request_that_failed_may_be_sent_again_with_its_key(here: ApiHere) -> None:
    client, key = here.client("ada"), {"idempotency-key": "k"}
    refused = client.ask("POST", "/requests", {"subject": "by telephone"}, headers=key)
    assert (refused.status, refused.json()["missing"]) == (422, ["customer"])
    with here.database.read() as unit:
        assert unit.session.connection.execute(select(func.count()).select_from(t.api_answers)).scalar() == 0
    assert client.ask("POST", "/groups", {"name": "g"}, headers=key).status == 201


def test_keys_are_forgotten_after_a_day(here: ApiHere) -> None:
    client = here.client("ada")
    with here.database.begin() as unit:
        old = unit.session.now() - KEPT - timedelta(minutes=1)
        row = {"key": "0" * 64, "asked": "0" * 64, "at": old, "answer": ""}
        unit.session.connection.execute(insert(t.api_answers).values(**row))
    assert client.ask("POST", "/groups", {"name": "g"}, headers={"idempotency-key": "k"}).status == 201
    with here.database.read() as unit:
        assert unit.session.connection.execute(select(func.count()).select_from(t.api_answers)).scalar() == 1
