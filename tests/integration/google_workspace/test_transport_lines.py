"""Lines to Google: closed, slow, encrypted, by a proxy; and where the token does not go."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
import trustme

from connectors.google_workspace import lines
from connectors.google_workspace.failures import Garbled, Gone
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.errors import OutcomeUnknown, Unavailable
from tests.servers.google_workspace.raw_answers import RawServer, Reply, Seen, raw_answers, told

Opener = Callable[..., Transport]


@pytest.fixture
def connect() -> Iterator[Opener]:
    """Closes what it opened."""
    opened: list[Transport] = []

    def open_it(server: RawServer | str, **more: object) -> Transport:
        url = server if isinstance(server, str) else server.url
        settings = ConnectorSettings(**{"url": url, "secret": "good", "auth": "bearer", "timeout": 2.0} | more)  # type: ignore[arg-type]
        opened.append(Transport(settings, sleep=lambda _: None))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


def look(transport: Transport) -> dict[str, object]:
    """A read."""
    return transport.ask(transport.calendar.calendars().get(calendarId="mine"))


def make(transport: Transport) -> dict[str, object]:
    """A write that makes a second one when it is sent twice."""
    return transport.ask(transport.calendar.calendars().insert(body={"summary": "New"}))


class Script:
    """One answer after the other; the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self._left = list(replies)

    def __call__(self, seen: Seen) -> Reply:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


GOOD = told({"id": "mine"})


# ---------------------------------------------------------------- lines that end


def test_r06_a_write_whose_line_ends_without_an_answer_is_sent_once(connect: Opener) -> None:
    with raw_answers(Script(GOOD, Reply(drop=True))) as server:
        transport = connect(server)
        look(transport)  # the line stands, as it does between two cycles
        with pytest.raises(OutcomeUnknown):
            make(transport)
        assert [one.method for one in server.seen] == ["GET", "POST"]


def test_a_read_whose_line_ends_is_asked_again(connect: Opener) -> None:
    with raw_answers(Script(Reply(drop=True), Reply(drop=True), GOOD)) as server:
        assert look(connect(server)) == {"id": "mine"}
        assert len(server.seen) == 3


def test_r01_an_answer_that_is_cut_off_is_none(connect: Opener) -> None:
    with raw_answers(Script(Reply(b'{"id": "mine", "summary": "x"}', missing=12))) as server:
        with pytest.raises(Unavailable):
            look(connect(server))
        with pytest.raises(OutcomeUnknown):
            make(connect(server))


def test_r01_an_answer_that_lacks_its_end_is_none_even_where_it_can_be_read(connect: Opener) -> None:
    with raw_answers(Script(Reply(b'{"id": "mine"}      ', missing=3))) as server, pytest.raises(Unavailable):
        look(connect(server))


def test_a_server_that_does_not_answer_in_time_is_not_asked_again_at_once(connect: Opener) -> None:
    def slow(_: Seen) -> Reply:
        time.sleep(0.4)
        return GOOD

    with raw_answers(slow) as server:
        with pytest.raises(Unavailable, match="did not answer in time"):
            look(connect(server, timeout=0.2))
        with pytest.raises(OutcomeUnknown):
            make(connect(server, timeout=0.2))
        assert [one.method for one in server.seen] == ["GET", "POST"]


def test_a_line_that_the_server_closed_meanwhile_is_not_written_to(connect: Opener) -> None:
    """A write on it would be in doubt although nobody ever saw it."""
    with raw_answers(Script(Reply(b'{"id": "mine"}', close_after=True))) as server:
        transport = connect(server)
        for _ in range(3):
            look(transport)
            time.sleep(0.05)
            make(transport)
            time.sleep(0.05)
        assert len(server.lines) == len(server.seen) == 6


def test_a_line_that_was_idle_for_long_is_not_used_again(connect: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "IDLE", 0.05)
    with raw_answers(Script(GOOD)) as server:
        transport = connect(server)
        look(transport)
        look(transport)
        assert len(server.lines) == 1
        time.sleep(0.1)
        look(transport)
        assert len(server.lines) == 2


def test_an_answer_that_trickles_in_ends_after_a_while(connect: Opener) -> None:
    with raw_answers(Script(Reply(b" " * 5000 + b"{}", trickle=0.01))) as server:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="did not answer in time"):
            look(connect(server, timeout=0.05))
        assert time.monotonic() - begun < 3
        assert len(server.seen) == 1


def test_nobody_there_is_nothing_sent(connect: Opener) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        transport = connect(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        with pytest.raises(Unavailable, match="refuses the connection") as caught:
            make(transport)
    assert not isinstance(caught.value, OutcomeUnknown)


def test_many_answers_come_by_one_line(connect: Opener) -> None:
    with raw_answers(Script(GOOD)) as server:
        transport = connect(server)
        for _ in range(5):
            look(transport)
        assert len(server.lines) == 1
        assert transport.requests == 5


# ---------------------------------------------------------------- where the token goes


def test_a_redirect_is_not_followed(connect: Opener) -> None:
    with raw_answers(Script(GOOD)) as other:
        away = Reply(status=302, headers={"Location": f"{other.url}calendar/v3/calendars/mine"})
        with raw_answers(Script(away)) as server:
            with pytest.raises(Unavailable, match="redirects"):
                look(connect(server))
            with pytest.raises(Unavailable, match="redirects"):
                make(connect(server))
        assert other.seen == []


def test_a_picture_is_fetched_without_the_token(connect: Opener) -> None:
    with raw_answers(Script(Reply(b"\xff\xd8\xff picture", kind="image/jpeg"))) as server:
        transport = connect(server)
        assert transport.download(f"{server.url}photos/1") == b"\xff\xd8\xff picture"
        assert "authorization" not in server.seen[0].headers


def test_a_picture_elsewhere_is_not_fetched(connect: Opener) -> None:
    with raw_answers(Script(GOOD)) as other, raw_answers(Script(GOOD)) as server:
        for url in (f"{other.url}photo", "https://googleusercontent.com.example.org/a", "file:///etc/passwd"):
            with pytest.raises(Garbled):
                connect(server).download(url)
        assert other.seen == []


def test_a_picture_that_is_gone_or_a_page_is_none(connect: Opener) -> None:
    page = Reply(b"<html>Sign in to this network</html>", kind="text/html")
    gone = told({"error": {"code": 404, "message": "Not found", "status": "NOT_FOUND"}}, 404)
    with raw_answers(Script(page, gone)) as server:
        with pytest.raises(Garbled):
            connect(server).download(f"{server.url}photo")
        with pytest.raises(Gone):
            connect(server).download(f"{server.url}photo")


# ---------------------------------------------------------------- TLS, proxies, the environment


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@contextmanager
def encrypted(authority: trustme.CA, name: str = "127.0.0.1") -> Iterator[RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    with raw_answers(Script(GOOD), context) as server:
        yield server


def test_an_own_authority_is_trusted(authority: trustme.CA, ca_file: str, connect: Opener) -> None:
    with encrypted(authority) as server:
        transport = connect(server, ca_file=ca_file)
        for _ in range(5):
            assert look(transport) == {"id": "mine"}
        assert len(server.lines) == 1


def test_what_tls_itself_says_on_a_new_line_does_not_end_it(
    authority: trustme.CA, ca_file: str, connect: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tickets of TLS 1.3, which are there before the first request on a machine that is busy."""
    real = lines._Encrypted._connect

    def slowly(line: HTTPConnection) -> None:
        real(line)
        time.sleep(0.1)

    monkeypatch.setattr(lines._Encrypted, "_connect", slowly)
    with encrypted(authority) as server:
        assert look(connect(server, ca_file=ca_file)) == {"id": "mine"}
        assert len(server.lines) == 1


def test_an_unknown_authority_and_a_wrong_name_are_not(authority: trustme.CA, ca_file: str, connect: Opener) -> None:
    with encrypted(authority) as server, pytest.raises(Unavailable, match="certificate"):
        look(connect(server))
    with encrypted(authority, "other.example.org") as server, pytest.raises(Unavailable, match="certificate"):
        make(connect(server, ca_file=ca_file))


def test_the_environment_is_not_read(
    authority: trustme.CA, ca_file: str, connect: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("HTTPLIB2_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "example.org")
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    monkeypatch.setenv("httplib2_decode_limit_hard", "1")
    with encrypted(authority) as server:
        assert look(connect(server, ca_file=ca_file)) == {"id": "mine"}
    uri = connect("").calendar.calendars().get(calendarId="a").uri
    assert uri.startswith("https://www.googleapis.com/calendar/v3/")


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """Its address, and the first lines and headers that it was asked with. For CONNECT only."""
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=_carry, args=(client, asked), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _carry(client: socket.socket, asked: list[str]) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(1)
    asked.append(head.decode())
    host, _, port = head.split()[1].decode().rpartition(":")
    with client, socket.create_connection((host, int(port))) as server:
        client.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
        while True:
            for one in select.select([client, server], [], [])[0]:
                with suppress(ConnectionResetError):
                    data = b""
                    data = one.recv(65536)
                if not data:
                    return
                (server if one is client else client).sendall(data)


def test_all_goes_by_the_proxy(authority: trustme.CA, ca_file: str, connect: Opener) -> None:
    with encrypted(authority) as server, proxy() as (address, asked):
        assert look(connect(server, ca_file=ca_file, proxy=f"http://ada:s%20x@{address}")) == {"id": "mine"}
        assert len(asked) == 1
        assert asked[0].startswith(f"CONNECT {server.url.removeprefix('https://').rstrip('/')} ")
        assert "Proxy-Authorization: Basic YWRhOnMgeA==" in asked[0]
        assert "good" not in asked[0]


def test_a_proxy_that_is_not_there_is_nothing_sent(connect: Opener) -> None:
    with raw_answers(Script(GOOD)) as server:
        with pytest.raises(Unavailable) as caught:
            make(connect(server, proxy="http://127.0.0.1:9"))
        assert not isinstance(caught.value, OutcomeUnknown)
        assert server.seen == []
