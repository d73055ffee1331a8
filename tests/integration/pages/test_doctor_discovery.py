"""agendahub doctor: DNS records, the public address, the certificate, the clock. Nobody outside is asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from agendahub import dns_hints
from agendahub.discovery_checks import certificate, clock, dns_records, public_address
from agendahub.dns_hints import domain_for
from agendahub.workspace import Workspace, utc_now
from config import load
from storage import database_clock
from storage.admin_people import add_user, set_address
from storage.tables import metadata
from tests.servers.certificates import certificates
from tests.servers.dns import dns_with
from tests.servers.gateway import serving
from tests.servers.pages import running_site

HERE = "hub.company.internal"
RIGHT = [
    ("_caldavs._tcp.company.internal.", "SRV", f"0 1 443 {HERE}."),
    ("_caldavs._tcp.company.internal.", "TXT", '"path=/hub/dav/"'),
    ("_carddavs._tcp.company.internal.", "SRV", f"10 5 443 {HERE.upper()}."),
    ("_carddavs._tcp.company.internal.", "TXT", '"path=/hub/dav/"'),
]


def workspace(folder: Path, server: str = "", url: str = "") -> Workspace:
    """With lines for [server]."""
    config = folder / "doctor.toml"
    config.write_text(f'[store]\nurl = "{url or f"sqlite:///{folder}/hub.db"}"\n[server]\n{server}\n')
    made = Workspace(load(config))
    metadata.create_all(made.database.engine)
    return made


@pytest.fixture
def public(tmp_path: Path) -> Any:
    """A hub with a public name."""
    made = workspace(tmp_path, f'base_url = "https://{HERE}/hub"')
    yield made
    made.close()


# ---------------------------------------------------------------- DNS


def test_all_records_are_there(public: Workspace) -> None:
    with dns_with(RIGHT) as resolver:
        check = dns_records(public, resolver)
    assert check.ok
    assert "all are there" in check.detail


def test_records_to_enter(public: Workspace) -> None:
    with dns_with([]) as resolver:
        check = dns_records(public, resolver)
    assert check.ok
    for name, kind, value in RIGHT[:2]:
        assert f"{name} {kind} {value}" in check.detail


def test_one_record_is_missing(public: Workspace) -> None:
    with dns_with(RIGHT[:3]) as resolver:
        check = dns_records(public, resolver)
    assert check.ok
    assert "missing" in check.detail
    assert '_carddavs._tcp.company.internal. TXT "path=/hub/dav/"' in check.detail
    assert "SRV" not in check.detail


@pytest.mark.parametrize(
    ("number", "value"),
    [(0, "0 1 8443 hub.company.internal."), (0, "0 1 443 old.company.internal."), (1, '"path=/dav/"')],
)
def test_a_record_leads_elsewhere(public: Workspace, number: int, value: str) -> None:
    records = list(RIGHT)
    name, kind, right = records[number]
    records[number] = name, kind, value
    with dns_with(records) as resolver:
        check = dns_records(public, resolver)
    assert not check.ok
    assert value in check.detail
    assert right in check.advice


def test_nobody_answers(public: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with dns_with([]) as resolver:
        pass  # it is gone again
    monkeypatch.setattr(dns_hints, "PATIENCE", 0.3)
    check = dns_records(public, resolver)
    assert check.ok
    assert "not looked at; to enter: _caldavs" in check.detail


def test_the_records_belong_where_the_addresses_are(tmp_path: Path) -> None:
    made = workspace(tmp_path, 'base_url = "https://cal.hub.company.internal"')
    with made.database.begin() as unit:
        add_user(unit.session.connection, "ada", "Ada", utc_now())
        set_address(unit.session.connection, "ada", "ada@company.internal")
    with dns_with([]) as resolver:
        assert "_caldavs._tcp.company.internal." in dns_records(made, resolver).detail
    made.close()


@pytest.mark.parametrize(
    ("host", "addresses", "domain"),
    [
        ("hub.example.org", [], "example.org"),
        ("example.org", [], "example.org"),
        ("hub.example.org", ["ada@gmail.com"], "example.org"),
        ("hub.it.example.org", ["ada@example.org", "ada@it.example.org", "x"], "it.example.org"),
        ("badexample.org", ["ada@example.org"], "badexample.org"),
    ],
)
def test_which_domain(host: str, addresses: list[str], domain: str) -> None:
    assert domain_for(host, addresses) == domain


@pytest.mark.parametrize("url", ["", "https://192.0.2.1", "http://localhost:8008", "https://hub"])
def test_without_a_public_name_there_are_no_records(tmp_path: Path, url: str) -> None:
    made = workspace(tmp_path, f'base_url = "{url}"')
    assert dns_records(made).detail.startswith("none:")
    made.close()


# ---------------------------------------------------------------- the public address


def looked_at(folder: Path, url: str) -> Any:
    """What is said of this base_url."""
    made = workspace(folder, f'base_url = "{url}"')
    try:
        return public_address(made)
    finally:
        made.close()


def test_the_public_address_leads_here(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        check = looked_at(tmp_path, site.url)
        assert check.ok
        assert "with all that phones need" in check.detail


def test_a_certificate_that_phones_refuse(tmp_path: Path) -> None:
    pair, _ca = certificates(tmp_path)
    with running_site(tmp_path, f'tls_cert = "{pair}"\ntls_key = "{pair}"') as site:
        check = looked_at(tmp_path, site.url)
    assert not check.ok
    assert "certificate" in check.detail


@pytest.mark.parametrize(
    ("without", "told"),
    [
        ("healthz", "another program"),
        ("well-known", "/.well-known/caldav does not lead"),
        ("PROPFIND", "PROPFIND is answered with 405"),
        ("sign-in", "does not know that people come by https"),
    ],
)
def test_what_a_proxy_leaves_out(tmp_path: Path, without: str, told: str) -> None:
    """As proxies do that were set up for a web site."""
    healthy = JSONResponse({"ok": True}) if without != "healthz" else PlainTextResponse("It works!")
    challenge = PlainTextResponse("", 401, {"www-authenticate": "Basic realm=x"})
    known = PlainTextResponse("", 404) if without == "well-known" else RedirectResponse("/dav/", 301)
    routes = [
        Route("/healthz", lambda _request: healthy),
        Route("/.well-known/{kind}", lambda _request: known),
        Route("/dav/", lambda _request: challenge, methods=["GET" if without == "PROPFIND" else "PROPFIND"]),
        Route("/sign-in", lambda _request: PlainTextResponse("", 403 if without == "sign-in" else 200)),
    ]
    with serving(Starlette(routes=routes)) as url:
        check = looked_at(tmp_path, url)
    assert not check.ok
    assert told in check.detail
    assert "docs/proxy.md" in check.advice


def test_nothing_is_there_and_nothing_runs(tmp_path: Path) -> None:
    made = workspace(tmp_path, 'port = 1\nbase_url = "http://127.0.0.1:1"')
    check = public_address(made)
    made.close()
    assert check.ok
    assert "does not run" in check.detail


def test_it_runs_but_its_address_leads_nowhere(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        port = site.url.rpartition(":")[2]
        made = workspace(tmp_path, f'port = {port}\nbase_url = "http://127.0.0.1:1"')
        check = public_address(made)
        made.close()
    assert not check.ok
    assert "refused" in check.detail


# ---------------------------------------------------------------- certificate and clock


@pytest.mark.parametrize(
    ("host", "days", "ok", "told"),
    [
        ("hub.company.internal", 90, True, "for 89 more days"),
        ("a.company.internal", 90, True, "*.company.internal"),
        ("a.b.company.internal", 90, False, "not for a.b.company.internal"),
        ("elsewhere.internal", 90, False, "it is for hub.company.internal, *.company.internal"),
        ("hub.company.internal", 10, False, "ends on"),
        ("hub.company.internal", -1, False, "ended on"),
    ],
)
def test_the_certificate(tmp_path: Path, host: str, days: int, ok: bool, told: str) -> None:
    until, since = utc_now() + timedelta(days=days), utc_now() - timedelta(days=30)
    names = ("hub.company.internal", "*.company.internal")
    made = trustme.CA().issue_cert(*names, not_after=until, not_before=since)
    made.private_key_and_cert_chain_pem.write_to_path(tmp_path / "pair.pem")
    lines = f'tls_cert = "pair.pem"\ntls_key = "pair.pem"\nbase_url = "https://{host}"'
    here = workspace(tmp_path, lines)
    check = certificate(here)
    here.close()
    assert check.ok == ok
    assert told in check.detail


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    here = workspace(tmp_path, 'tls_cert = "no.pem"\ntls_key = "no.key"')
    check = certificate(here)
    here.close()
    assert not check.ok
    assert "No such file" in check.advice


def test_the_clock_is_compared_with_the_database_server(tmp_path: Path, postgres_url: str) -> None:
    here = workspace(tmp_path, url=postgres_url)
    assert clock(here).ok
    with here.database.read() as unit:
        assert abs(database_clock.time_there(unit.session.connection) - utc_now()) < timedelta(seconds=20)
    here.close()
