"""Testing an account: every step says what it found, or what failed and what to do."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from connectors.dav.connector import DavConnector
from connectors.dav.probe import Step, probe
from connectors.settings import ConnectorSettings
from tests.contract.connector_contract import Hub
from tests.servers.dav_setup import make_collection
from tests.servers.processes import Server, free_port
from tests.servers.unkind_dav import CALENDAR, Fault, UnkindDav, unkind_dav

ALL = ["name lookup", "connection", "encryption", "sign-in", "discovery", "read", "write and delete"]


def steps(url: str, secret: str = "sécret", collection: str = "", **more: object) -> list[Step]:
    settings = ConnectorSettings(url, "ada", secret, timeout=2.0, **more)  # type: ignore[arg-type]
    found = list(probe(settings, collection))
    assert all(step.ok for step in found[:-1])
    assert found[-1].ok or found[-1].advice
    assert not any(secret in step.detail + step.advice for step in found)
    return found


@pytest.fixture(params=["radicale", "xandikos"])
def real(request: pytest.FixtureRequest) -> tuple[Server, str, str]:
    server: Server = request.getfixturevalue(f"{request.param}_server")
    homes = {"radicale": ("/ada/", "/ada/"), "xandikos": ("/ada/calendars/", "/ada/contacts/")}[request.param]
    return server, make_collection(server, homes[0], "calendar"), make_collection(server, homes[1], "addressbook")


def test_a_real_account_passes_and_is_left_as_it_was(real: tuple[Server, str, str]) -> None:
    server, *collections = real
    for collection in collections:
        found = steps(server.url, server.password, collection)
        assert [step.name for step in found] == ALL
        assert found[-1].ok
        dav = DavConnector(ConnectorSettings(server.url, server.username, server.password))
        assert Hub(dav, collection).pull().items == {}
        dav.close()


def test_without_a_name_the_first_writable_collection_is_tried(unkind_server: UnkindDav) -> None:
    assert "kept as it was sent, and deleted" in steps(unkind_server.url)[-1].detail
    unkind_server.mood.rewrite = True
    assert "changes of the server's own" in steps(unkind_server.url)[-1].detail
    unkind_server.mood.privileges = "<d:privilege><d:read/></d:privilege>"
    assert "Not tried" in steps(unkind_server.url)[-1].detail
    assert unkind_server.collections[CALENDAR].items == {}


def test_each_failure_ends_the_test_with_its_advice(unkind_server: UnkindDav) -> None:
    url = unkind_server.url
    cases = [
        (steps("dav.example.org"), "address", "https://"),
        (steps("http://no-such-host.invalid/"), "name lookup", "spelling"),
        (steps(f"http://127.0.0.1:{free_port()}/"), "connection", "port"),
        (steps(url.replace("http:", "https:")), "encryption", "TLS"),
        (steps(url, "wrong"), "sign-in", "password"),
        (steps(f"{url}nowhere/", collection="/none/"), "read", CALENDAR),
    ]
    assert [(found[-1].name, found[-1].ok) for found, *_ in cases] == [(name, False) for _, name, _ in cases]
    assert all(word in found[-1].advice for found, _, word in cases)


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (Fault("PROPFIND", 200, body=b"<html>Welcome</html>", times=9), "sign-in"),
        (Fault("PROPFIND", 500, times=9), "sign-in"),
        (Fault("REPORT", 500, times=9), "read"),
        (Fault("PUT", 403, body=b"quota is used up"), "write and delete"),
        (Fault("DELETE", 500), "write and delete"),
    ],
)
def test_what_the_server_cannot_do_is_the_step_that_fails(unkind_server: UnkindDav, fault: Fault, name: str) -> None:
    unkind_server.faults.append(fault)
    last = steps(unkind_server.url)[-1]
    assert (last.name, last.ok) == (name, False)
    assert fault.method != "PUT" or "quota is used up" in last.detail


def test_certificates_are_named_and_their_end_is_foreseen(tmp_path: Path) -> None:
    authority = trustme.CA(organization_name="Test Authority")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    soon = authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) + timedelta(days=3, hours=1))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    soon.configure_cert(context)
    with unkind_dav(context) as server:
        found = {step.name: step for step in steps(server.url, ca_file=str(tmp_path / "ca.pem"))}
        assert "Test Authority" in found["encryption"].detail
        assert "ends in 3 days" in found["encryption"].advice
        assert found["write and delete"].ok
        assert "ca_file" in steps(server.url)[-1].advice
