"""Sign-in, redirects, certificates and the environment."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from connectors.dav.connector import DavConnector
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised, Unavailable
from sync_engine.ports import Changed
from tests.contract.connector_contract import Hub, event
from tests.servers.unkind_dav import CALENDAR, Fault, UnkindDav, unkind_dav

Opener = Callable[..., DavConnector]


@pytest.fixture
def connect() -> Iterator[Opener]:
    """Opens connectors, and closes them after the test."""
    made: list[DavConnector] = []

    def connect(url: str, secret: str = "sécret", **more: object) -> DavConnector:
        made.append(DavConnector(ConnectorSettings(url, "ada", secret, timeout=3.0, **more)))  # type: ignore[arg-type]
        return made[-1]

    yield connect
    for connector in made:
        connector.close()


# ---------------------------------------------------------------- sign-in


@pytest.mark.parametrize(("auth", "secret"), [("basic", "sécret"), ("digest", "secret"), ("bearer", "good")])
def test_each_way_to_sign_in_reads_and_writes(
    unkind_server: UnkindDav, connect: Opener, auth: str, secret: str
) -> None:
    unkind_server.mood.auth = auth
    dav = connect(unkind_server.url, secret, auth=auth)
    assert len(dav.collections()) == 2
    ref = dav.create(CALENDAR, event("e", "u"), "k")
    (found,) = dav.fetch(CALENDAR, [ref.id])
    assert isinstance(found, Changed)
    dav.delete(CALENDAR, found.ref)
    assert Hub(dav, CALENDAR).pull().titles == []


@pytest.mark.parametrize("auth", ["basic", "digest", "bearer"])
def test_r24_a_wrong_password_is_said_and_not_repeated(unkind_server: UnkindDav, connect: Opener, auth: str) -> None:
    unkind_server.mood.auth = auth
    dav = connect(unkind_server.url, "wrong", auth=auth)
    with pytest.raises(NotAuthorised, match="user name and password"):
        dav.collections()
    assert unkind_server.count() == (2 if auth == "digest" else 1)


def test_an_unknown_way_to_sign_in_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="basic, digest or bearer"):
        DavConnector(ConnectorSettings("http://127.0.0.1/", auth="ntlm"))


def test_the_password_is_not_in_the_representation_of_the_settings() -> None:
    assert "sécret" not in repr(ConnectorSettings("http://127.0.0.1/", "ada", "sécret"))


# ---------------------------------------------------------------- addresses


def test_collections_are_found_from_the_bare_host_by_its_well_known_address(
    unkind_server: UnkindDav, connect: Opener
) -> None:
    unkind_server.faults.append(Fault("PROPFIND", 404, path="/", times=1))
    assert {c.id for c in connect(unkind_server.url).collections()} == {"/ada@home/calendar/", "/ada@home/people/"}
    assert unkind_server.requests[1][1] == "/.well-known/caldav"


def test_the_address_of_one_collection_gives_that_one(unkind_server: UnkindDav, connect: Opener) -> None:
    dav = connect(unkind_server.url.rstrip("/") + CALENDAR.replace("@", "%40"))
    assert [c.id for c in dav.collections()] == [CALENDAR]


def test_read_only_collections_are_told_by_their_privileges(unkind_server: UnkindDav, connect: Opener) -> None:
    unkind_server.mood.privileges = "<d:privilege><d:read/></d:privilege>"
    assert all(c.read_only for c in connect(unkind_server.url).collections())


def test_a_listing_with_another_prefix_than_asked_for_is_understood(unkind_server: UnkindDav, connect: Opener) -> None:
    unkind_server.mood.hrefs = "prefix"
    dav = connect(unkind_server.url)
    dav.create(CALENDAR, event("e", "u"), "k")
    hub = Hub(dav, CALENDAR).pull()
    assert list(hub.items) == [f"{CALENDAR}u.ics"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_keeps_method_and_body(
    unkind_server: UnkindDav, connect: Opener, status: int
) -> None:
    unkind_server.faults.append(Fault("PUT", status, {"Location": f"{CALENDAR}moved.ics"}))
    connect(unkind_server.url).create(CALENDAR, event("e", "u"), "k")
    assert list(unkind_server.collections[CALENDAR].items) == ["moved.ics"]


def test_the_password_follows_no_redirect_to_another_host(unkind_server: UnkindDav, connect: Opener) -> None:
    with unkind_dav() as other:
        unkind_server.faults.append(Fault("*", 307, {"Location": other.url}, times=9))
        with pytest.raises(Unavailable, match="other_hosts"):
            connect(unkind_server.url).create(CALENDAR, event("e"), "k")
        assert other.requests == []


def test_a_home_on_another_host_gets_no_password(unkind_server: UnkindDav, connect: Opener) -> None:
    """Not only redirects: also what a server says of its user may point elsewhere."""
    with unkind_dav() as other:
        there = f"<d:href>{other.url}ada/</d:href>".encode()
        answer = (
            b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>/</d:href><d:propstat><d:prop>'
            b"<d:current-user-principal>"
            + there
            + b"</d:current-user-principal></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
            b"</d:multistatus>"
        )
        unkind_server.faults.append(Fault("PROPFIND", 207, body=answer))
        with pytest.raises(Unavailable, match="other_hosts"):
            connect(unkind_server.url).collections()
        assert other.requests == []


# ---------------------------------------------------------------- certificates


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def _secure(certificate: trustme.LeafCert) -> Iterator[UnkindDav]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with unkind_dav(context) as server:
        yield server


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def _good(authority: trustme.CA) -> AbstractContextManager[UnkindDav]:
    return _secure(authority.issue_cert("127.0.0.1"))


def test_an_own_authority_is_trusted(authority: trustme.CA, ca_file: str, connect: Opener) -> None:
    with _good(authority) as server:
        assert len(connect(server.url, ca_file=ca_file).collections()) == 2


def test_http_1_1_is_spoken_to_a_server_that_would_speak_http_2(
    authority: trustme.CA, ca_file: str, connect: Opener
) -> None:
    """With urllib3 replaced it would be HTTP/2 (docs/decisions/urllib3.md)."""
    with _good(authority) as server:
        connect(server.url, ca_file=ca_file).collections()
        assert server.spoken == {"http/1.1"}


def test_the_environment_does_not_replace_the_own_authority(
    authority: trustme.CA, ca_file: str, connect: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "/nowhere/ca.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9/")
    with _good(authority) as server:
        assert len(connect(server.url, ca_file=ca_file).collections()) == 2


def test_a_certificate_of_an_unknown_authority_is_refused_with_the_way_out(
    authority: trustme.CA, connect: Opener
) -> None:
    with _good(authority) as server, pytest.raises(Unavailable, match=r"authority that is not trusted.*ca_file"):
        connect(server.url).collections()


def test_an_expired_certificate_is_said_to_be_expired(authority: trustme.CA, ca_file: str, connect: Opener) -> None:
    old = authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    with _secure(old) as server:
        dav = connect(server.url, ca_file=ca_file)
        with pytest.raises(Unavailable, match="has expired"):
            dav.collections()
        with pytest.raises(Unavailable, match="has expired") as caught:
            dav.create(CALENDAR, event("e"), "k")
        assert type(caught.value) is Unavailable
        assert server.requests == []


def test_a_certificate_for_another_name_is_said(authority: trustme.CA, ca_file: str, connect: Opener) -> None:
    with _secure(authority.issue_cert("dav.example.org")) as server, pytest.raises(Unavailable, match="another"):
        connect(server.url, ca_file=ca_file).collections()


def test_plain_http_on_the_tls_port_is_explained(unkind_server: UnkindDav, connect: Opener) -> None:
    with pytest.raises(Unavailable, match="speaks TLS"):
        connect(unkind_server.url.replace("http:", "https:")).collections()
