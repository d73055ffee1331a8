"""Requests to addresses that other people chose, against servers that do not mean well."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from connectors.outward import AnswerTooLarge, Outward
from connectors.outward_rules import NotAllowedOut
from sync_engine.errors import Unavailable

Behave = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(behave: Behave, seen: list[Any] | None = None, tls: Any = None) -> Iterator[int]:
    """A server on a free port; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            if seen is not None:
                seen.append((self.path, dict(self.headers)))
            behave(self)

        do_GET = do_POST = _any  # noqa: N815 - the library's names

        def log_message(self, *_: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls is not None:
        running.socket = tls.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield running.server_address[1]
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def say(status: int, body: bytes = b"", **headers: str) -> Behave:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def outward(*allowed: str, **more: Any) -> Outward:
    return Outward(allowed, schemes=("http", "https"), **more)


def test_a_name_that_leads_inside_is_not_called_unless_an_admin_allows_it() -> None:
    seen: list[Any] = []
    with server(say(200, b"secret"), seen) as port:
        there = lambda *_: ["127.0.0.1"]  # noqa: E731
        with pytest.raises(NotAllowedOut, match="outward_hosts"):
            outward(look_up=there).ask("GET", f"http://push.example.org:{port}/")
        assert seen == []
        answer = outward("push.example.org", look_up=there).ask("GET", f"http://push.example.org:{port}/a?b")
    assert (answer.status, answer.body) == (200, b"secret")
    assert seen[0][0] == "/a?b"
    assert seen[0][1]["host"] == f"push.example.org:{port}"


def test_a_name_is_looked_up_once_and_the_address_that_was_judged_is_called() -> None:
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    with server(say(204)) as port:
        answer = outward("127.0.0.1", look_up=rebinding).ask("POST", f"http://push.example.org:{port}/", body=b"x")
    assert (answer.status, asked) == (204, ["push.example.org"])


def test_of_several_addresses_those_inside_are_passed_over() -> None:
    seen: list[Any] = []
    with server(say(200), seen) as port:
        out = outward("127.0.0.2", look_up=lambda *_: ["127.0.0.1", "127.0.0.2"])
        with pytest.raises(Unavailable):  # nothing listens at the one that may be called
            out.ask("GET", f"http://push.example.org:{port}/")
    assert seen == []


def test_each_redirect_is_judged_anew() -> None:
    seen: list[Any] = []
    with server(say(200, b"inside"), seen) as inside:
        for where in (f"http://127.0.0.2:{inside}/", "file:///etc/passwd", "http://push.example.org:22/"):
            with server(say(302, location=where)) as port, pytest.raises(NotAllowedOut):
                outward("127.0.0.1").ask("GET", f"http://127.0.0.1:{port}/")
    assert seen == []


def test_a_password_goes_to_no_other_origin() -> None:
    seen: list[Any] = []
    with server(say(200), seen) as second, server(say(302, location=f"http://127.0.0.1:{second}/"), seen) as first:
        out = outward("127.0.0.1")
        out.ask("GET", f"http://ada:secret@127.0.0.1:{first}/", headers={"Cookie": "a=b"})
        out.ask("GET", f"http://127.0.0.1:{first}/", headers={"Authorization": "Bearer secret"})
    assert [headers.get("authorization", "")[:6] for _, headers in seen] == ["Basic ", "", "Bearer", ""]
    assert [headers.get("cookie") for _, headers in seen][:2] == ["a=b", None]


def test_redirects_within_an_origin_keep_the_password_and_end_somewhere() -> None:
    seen: list[Any] = []
    with server(say(301, location="/again"), seen) as port, pytest.raises(Unavailable, match="never answers"):
        outward("127.0.0.1").ask("GET", f"http://ada:secret@127.0.0.1:{port}/")
    assert len(seen) == 6
    assert all(headers["authorization"].startswith("Basic ") for _, headers in seen)


def test_what_is_sent_is_not_sent_on_to_where_a_redirect_points() -> None:
    seen: list[Any] = []
    with server(say(307, location="/again"), seen) as port:
        assert outward("127.0.0.1").ask("POST", f"http://127.0.0.1:{port}/", body=b"x").status == 307
    assert len(seen) == 1


def test_an_answer_may_only_be_so_large_also_when_it_was_packed() -> None:
    import gzip

    packed = gzip.compress(bytes(3_000_000))
    with server(say(200, packed, **{"content-encoding": "gzip"})) as port, pytest.raises(AnswerTooLarge):
        outward("127.0.0.1").ask("GET", f"http://127.0.0.1:{port}/", max_body=1_000_000)
    with server(say(200, bytes(2000))) as port, pytest.raises(AnswerTooLarge):
        outward("127.0.0.1").ask("GET", f"http://127.0.0.1:{port}/", max_body=1999)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(300):
        handler.wfile.write(b"x")
        time.sleep(0.02)


def test_a_server_that_sends_an_octet_now_and_then_is_left_at_the_deadline() -> None:
    with server(trickle) as port:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="in time"):
            outward("127.0.0.1", timeout=0.4).ask("GET", f"http://127.0.0.1:{port}/")
        assert time.monotonic() - began < 2


def test_a_server_that_says_nothing_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable, match="in time"):
        outward("127.0.0.1", timeout=0.3).ask("GET", f"http://127.0.0.1:{silent.getsockname()[1]}/")


def test_tls_is_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    import ssl

    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("push.example.org").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    own = {"ca_file": str(tmp_path / "ca.pem"), "look_up": lambda *_: ["127.0.0.1"]}
    with server(say(200), tls=tls) as port:
        assert outward("127.0.0.1", **own).ask("GET", f"https://push.example.org:{port}/").status == 200
        with pytest.raises(Unavailable, match="another host name"):
            outward("127.0.0.1", **own).ask("GET", f"https://evil.example.org:{port}/")
        with pytest.raises(Unavailable, match="not trusted"):
            outward("127.0.0.1", look_up=own["look_up"]).ask("GET", f"https://push.example.org:{port}/")
