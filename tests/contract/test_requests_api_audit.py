"""What is changed for everybody stands in the audit, whichever way it goes; changes say what was looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from tests.contract.requests_api_rows import ROWS
from tests.contract.requests_api_world import CONFIGURED, World, make_world
from tests.contract.test_requests_api_matrix import filled, with_ids
from tests.requests_api_here import api_here

pytestmark = pytest.mark.slow
AUDITED = {"catalogue.edit", "rule.edit", "user.edit", "quarantine.edit", "outbox.decide"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Any) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("audit")
    (folder / "hub.db").write_bytes(_sqlite_template.read_bytes())
    with api_here(folder, f"sqlite:///{folder / 'hub.db'}", CONFIGURED) as here:
        made = make_world(here)
        here.database.undoing = True
        yield made


def test_whatever_is_changed_for_everybody_stands_in_the_audit(world: World) -> None:
    known = {**world.general, **world.ids["foreign"]}
    written: list[str] = []
    event.listen(world.here.database.engine, "before_cursor_execute", lambda *call: written.append(call[2]))
    silent = []
    changing = [(route, row) for route, row in ROWS.items() if route[0] != "GET" and row.right in AUDITED]
    for (method, path), row in changing:
        written.clear()
        address = filled(row.instead or path, known)
        answer = world.here.client("administrator").ask(method, address, with_ids(row.body, known))
        assert 200 <= answer.status < 300, (method, path, answer.body)
        if not any(sql.startswith("INSERT INTO audit ") for sql in written):
            silent.append((method, path))
    assert len(changing) > 25
    assert silent == []


def test_a_change_says_what_was_looked_at_in_its_body_or_as_if_match(world: World) -> None:
    ada, path = world.here.client("administrator"), f"/requests/{world.ids['foreign']['request_id']}"
    seen = ada.ask("GET", path)
    etag, version = seen.headers["etag"], seen.json()["version"]
    nothing = ada.ask("PATCH", path, {"subject": "new"})
    assert (nothing.status, nothing.json()["missing"]) == (428, ["version"])
    for headers in ({"if-match": etag}, {"if-match": f"W/{etag}"}):
        changed = ada.ask("PATCH", path, {"subject": "new"}, headers=headers)
        assert (changed.status, changed.json()["version"]) == (200, version + 1)
        assert changed.headers["etag"] != etag
    for stale in ({"if-match": f'"{version - 1}"'}, {"if-match": f'"{version + 1}"'}):
        refused = ada.ask("PATCH", path, {"subject": "new"}, headers=stale)
        assert (refused.status, refused.json()["version"]) == (409, version)
    assert ada.ask("PATCH", path, {"subject": "new"}, headers={"if-match": "*"}).status == 428
