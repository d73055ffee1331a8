"""Whatever is sent to a route: it answers with a sentence, and never breaks. LONG=1 tries all values at all places."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.asgi_here import Client
from tests.contract.requests_api_rows import ROWS
from tests.contract.requests_api_world import CONFIGURED, World, make_world
from tests.contract.test_requests_api_matrix import filled, with_ids
from tests.requests_api_here import api_here

pytestmark = pytest.mark.slow
NASTY: tuple[Any, ...] = (
    None, "", " ", "x" * 30_000, -1, 0, 1, 2**31, 2**62 - 1, 2**63, 10**30, 1.5, True, [], [[]], {}, {"a": 1}, "\x00",
    "\ud800", "\u202e", "a\r\nBcc: x@y.example", "x@y.example", "%", "' OR 1=1 --", "..", "NaN", "1e999",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-04-01T00:00:00Z", [1] * 600, ["x"],
)  # fmt: skip
IN_ADDRESSES = ("0", "-1", str(2**62 - 1), str(2**63), "x", "%00", "%F0%9F%92%A9", "%ff", "a%2Fb", "..", "1.5", "'")
LONG = "LONG" in os.environ
PER_ROUTE = 10_000 if LONG else 3


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Any) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("nasty")
    (folder / "hub.db").write_bytes(_sqlite_template.read_bytes())
    with api_here(folder, f"sqlite:///{folder / 'hub.db'}", CONFIGURED) as here:
        made = make_world(here)
        here.database.undoing = True
        yield made


def test_no_route_breaks_whatever_is_sent(world: World) -> None:
    assert _broken(world) == []


if LONG:

    def test_no_route_breaks_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> None:
        with api_here(tmp_path_factory.mktemp("nasty"), postgres_url, CONFIGURED) as here:
            made = make_world(here)
            here.database.undoing = True
            assert _broken(made) == []


def _broken(world: World) -> list[object]:
    client, draw = world.here.client("administrator"), random.Random(6)
    return [
        (method, address, str(body)[:200], status)
        for method, address, body in _requests(world, draw)
        if (status := _status(client, method, address, body)) >= 500
    ]


def _requests(world: World, draw: random.Random) -> Iterator[tuple[str, str, Any]]:
    known = {**world.general, **world.ids["operator"]}
    for (method, path), row in ROWS.items():
        address, query, body = filled(row.instead or path, known), filled(row.query, known), with_ids(row.body, known)
        tries = [(f"{place}?{query}", body) for place in _addresses(address)]
        tries += [(f"{address}?{changed}", body) for changed in _queries(query)]
        tries += [(f"{address}?{query}", changed) for changed in _bodies(body)]
        for where, sent in draw.sample(tries, min(PER_ROUTE, len(tries))):
            yield method, where, sent


def _addresses(address: str) -> Iterator[str]:
    parts = address.split("/")
    for number in range(2, len(parts)):
        for nasty in IN_ADDRESSES:
            yield "/".join([*parts[:number], nasty, *parts[number + 1 :]])


def _queries(query: str) -> Iterator[str]:
    for pair in query.split("&") if query else []:
        for nasty in (*IN_ADDRESSES, "x" * 5000, "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00"):
            yield query.replace(pair, f"{pair.partition('=')[0]}={nasty}")
    for name in ("after", "before", "limit", "text", "q", "order", "open", "type_id", "by", "state", "images"):
        yield f"{query}&{name}=%00"
        yield f"{query}&{name}=x~1~2"
        yield f"{query}&{name}=changed~9999~-1"


def _bodies(body: Any) -> Iterator[Any]:
    yield from NASTY
    if isinstance(body, dict):
        for name, value in body.items():
            for nasty in (*NASTY, {name: value}, [value]):
                yield {**body, name: nasty}


def _status(client: Client, method: str, address: str, body: Any) -> int:
    return client.ask(method, address, body).status
