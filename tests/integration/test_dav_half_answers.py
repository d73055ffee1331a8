"""An answer that breaks off within its head is no answer, whatever its first line says (SYNC.md R01, R06)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.dav.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.errors import OutcomeUnknown, Unavailable

CREATED = b'HTTP/1.1 201 Created\r\nLocation: /ada/agenda/other.ics\r\nETag: "12"\r\nConnection: close\r\n\r\n'
LISTING = b"HTTP/1.1 207 Multi-Status\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n"


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that sends these octets to everybody, and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer = listener.accept()[0]
            except OSError:
                return
            with peer:
                peer.recv(65536)
                peer.sendall(answer)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@contextmanager
def transport_to(url: str) -> Iterator[Transport]:
    transport = Transport(ConnectorSettings(url=url, username="ada", secret="secret"), sleep=lambda _s: None)
    try:
        yield transport
    finally:
        transport.close()


@pytest.mark.parametrize("octets", [*range(9, len(CREATED) - 2, 4), len(CREATED) - 2])
def test_r06_a_write_whose_answer_breaks_off_in_its_head_is_in_doubt(octets: int) -> None:
    with answering(CREATED[:octets]) as url, transport_to(url) as transport, pytest.raises(OutcomeUnknown):
        transport.request("PUT", f"{url}x.ics", b"text")


@pytest.mark.parametrize("octets", [len(LISTING) - 2, 40, 26])
def test_r01_a_listing_whose_answer_breaks_off_in_its_head_is_none(octets: int) -> None:
    with answering(LISTING[:octets]) as url, transport_to(url) as transport, pytest.raises(Unavailable):
        transport.request("REPORT", url, b"<x/>")


def test_a_whole_head_is_taken() -> None:
    with answering(CREATED) as url, transport_to(url) as transport:
        answer = transport.request("PUT", f"{url}x.ics", b"text")
    assert (answer.status, answer.headers["ETag"]) == (201, '"12"')
