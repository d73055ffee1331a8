"""At level debug the log has a line for each request to a server, and none of what is secret or private."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.dav.connector import DavConnector
from connectors.request_log import FIELDS
from connectors.settings import ConnectorSettings
from sync_engine.errors import Unavailable
from sync_engine.ports import Connector
from tests.contract.connector_contract import Hub, event
from tests.integration.microsoft import exchange_desk, microsoft365_desk
from tests.log_of import log_at
from tests.servers.processes import free_port
from tests.servers.unkind_dav import CALENDAR, UnkindDav

PRIVATE = "private-canary"
SECRET = "secret-canary"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """At level debug."""
    with log_at("debug") as made:
        yield made


def lines(text: str) -> list[dict[str, Any]]:
    """Those that tell of a request; each says all that it should and nothing else."""
    found = [one for one in map(json.loads, text.splitlines()) if one["event"] == "request"]
    for one in found:
        assert set(one) - {"event", "logger", "level", "timestamp", "asks"} == set(FIELDS) - {"asks"}
        assert (one["logger"], one["level"]) == ("connectors.request_log", "debug")
        assert 0 <= one["ms"] < 60_000
        assert "?" not in one["path"]
    return found


def work(connector: Connector, collection: str) -> None:
    """List, write, read, delete."""
    ref = connector.create(collection, event(PRIVATE, "u"), "key-canary")
    Hub(connector, collection).pull().pull()
    (found,) = connector.fetch(collection, [ref.id])
    connector.delete(collection, found.ref)  # type: ignore[union-attr]


def test_requests_to_a_dav_server_are_told(log: StringIO, unkind_server: UnkindDav) -> None:
    dav = DavConnector(ConnectorSettings(unkind_server.url, "ada", "sécret", timeout=5))
    work(dav, CALENDAR)
    dav.close()
    text = log.getvalue()
    told = lines(text)
    assert [(one["method"], one["path"]) for one in told] == [(how, path) for how, path, _ in unkind_server.requests]
    assert {one["status"] for one in told} >= {201, 207}
    assert {one["host"] for one in told} == {"127.0.0.1"}
    for word in (PRIVATE, "sécret", b64encode("ada:sécret".encode()).decode(), "Basic"):
        assert word not in text


def test_requests_to_exchange_are_told_with_what_they_ask(log: StringIO) -> None:
    with exchange_desk.desk_of_ada() as desk:
        work(desk.connector, desk.calendar)
        asked = desk.asked()
    text = log.getvalue()
    told = lines(text)
    assert [one["asks"] for one in told] == asked
    assert {(one["method"], one["path"], one["status"]) for one in told} == {("POST", "/EWS/Exchange.asmx", 200)}
    for word in (PRIVATE, "key-canary", "secret", b64encode(b"ada:secret").decode()):
        assert word not in text


def test_requests_to_graph_are_told_without_their_query(log: StringIO) -> None:
    with microsoft365_desk.desk_of_ada() as desk:
        work(desk.connector, desk.calendar())
        outer = desk.graph.outer
        token = desk.connector.transport._settings.secret
    text = log.getvalue()
    told = lines(text)
    assert len(told) == outer
    assert {one["method"] for one in told} >= {"GET", "POST", "DELETE"}
    assert {one["status"] for one in told} >= {200, 201, 204}
    assert all(one["path"].startswith("/v1.0/me") for one in told)
    for word in (PRIVATE, "key-canary", token, "deltatoken", "startDateTime"):
        assert word not in text


def test_a_request_without_an_answer_is_told_with_the_name_of_the_error(log: StringIO) -> None:
    url = f"http://127.0.0.1:{free_port()}/{PRIVATE}/"
    dav = DavConnector(ConnectorSettings(url, "ada", SECRET, timeout=2))
    with pytest.raises(Unavailable):
        dav.collections()
    dav.close()
    (told, *_) = lines(log.getvalue())
    assert (told["status"], told["host"], told["path"]) == ("ConnectionError", "127.0.0.1", urlsplit(url).path)


def test_at_other_levels_nothing_of_it_is_told(unkind_server: UnkindDav) -> None:
    dav = DavConnector(ConnectorSettings(unkind_server.url, "ada", "sécret", timeout=5))
    with log_at("info") as log:
        work(dav, CALENDAR)
        logging.getLogger("connectors").info("but this is")
    dav.close()
    (told,) = log.getvalue().splitlines()
    assert "but this is" in told


def test_a_secret_in_an_address_is_hidden(log: StringIO, unkind_server: UnkindDav) -> None:
    """Such as that of a private calendar, whose address is its password."""
    from agendahub.redaction import learn

    learn(SECRET)
    dav = DavConnector(ConnectorSettings(f"{unkind_server.url}{SECRET}/", "ada", "sécret", timeout=5))
    dav.collections()
    dav.close()
    text = log.getvalue()
    assert "/***/" in {one["path"] for one in lines(text)}
    assert SECRET not in text
