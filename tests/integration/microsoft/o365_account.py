"""The real O365 library, aimed at our Graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from O365 import Account, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend

from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange, Mailbox
from tests.servers.microsoft.serving import serving

Json = dict[str, Any]
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
ADA = "ada@example.com"


def account(graph: Graph, token: str, *, immutable: bool = True, timeout: float = 10, zone: str = "UTC") -> Account:
    """Signed in with a token that the server gave."""
    name = "LoopbackGraph"
    protocol = type(name, (MSGraphProtocol,), {"_protocol_url": f"{graph.url}/"})
    backend = MemoryTokenBackend()
    backend.add(
        {
            "client_id": "cid",
            "scope": ["Contacts.ReadWrite"],
            "token_endpoint": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            "response": {"access_token": token, "expires_in": 3600, "token_type": "Bearer"},
            "params": {},
            "data": {},
        }
    )
    return Account(
        ("cid", "secret"),
        protocol=protocol(timezone=zone),
        token_backend=backend,
        timeout=timeout,
        requests_delay=0,
        request_retries=0,
        raise_http_errors=False,
        default_headers=dict(IMMUTABLE) if immutable else {},
    )


@dataclass
class World:
    """One mailbox, the server, and the library."""

    graph: Graph
    exchange: Exchange
    ada: Mailbox
    o365: Account

    def url(self, path: str) -> str:
        """An absolute address of Ada's."""
        return f"{self.graph.url}/v1.0/me{path}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """By O365's connection; `path` may be a whole address. if_match=... is If-Match."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        where = path if path.startswith("http") else self.url(path)
        more = {} if body is None else {"data": body}
        return getattr(self.o365.con, method)(where, headers=named, **more)

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Json:
        """Of an answer that must be a good one."""
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code < 300, (answer.status_code, answer.text)
        found: Json = answer.json()
        return found

    def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Of an answer that must be a refusal."""
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["error"]["code"]

    def round(self, path: str, **headers: str) -> tuple[list[Json], str]:
        """All records of a delta round, and the link of the next."""
        found: list[Json] = []
        for _ in range(100):
            page = self.json("get", path, **headers)
            assert ("@odata.nextLink" in page) != ("@odata.deltaLink" in page)
            found += page["value"]
            path = page.get("@odata.nextLink", "")
            if not path:
                return found, str(page["@odata.deltaLink"])
        raise AssertionError("The round has no end.")


@pytest.fixture(name="world")
def graph_world() -> Iterator[World]:
    """Ada's mailbox, behind a Graph of its own."""
    exchange = Exchange()
    ada, graph = exchange.add_mailbox(ADA, "Ada"), Graph(exchange)
    with serving(graph.app()) as graph.url:
        yield World(graph, exchange, ada, account(graph, graph.sign_in.give(ADA)))


def weekly(**more: Any) -> Json:
    """An event on five Mondays at nine in Prague; the clocks go forward in between."""
    return {
        "subject": "Standup",
        "start": {"dateTime": "2026-03-16T09:00:00", "timeZone": "Europe/Prague"},
        "end": {"dateTime": "2026-03-16T09:30:00", "timeZone": "Europe/Prague"},
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "numbered", "startDate": "2026-03-16", "numberOfOccurrences": 5},
        },
        **more,
    }


def single(day: str = "2026-03-10", **more: Any) -> Json:
    """An hour at nine in UTC."""
    start, end = ({"dateTime": f"{day}T{hour}:00:00", "timeZone": "UTC"} for hour in ("09", "10"))
    return {"subject": f"Single {day}", "start": start, "end": end, **more}


MARCH = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-30T00:00:00Z"
