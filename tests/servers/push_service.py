"""A push service (RFC 8030) on loopback: it checks who sends (RFC 8292) and keeps what it got, decrypted (RFC 8291)."""

from __future__ import annotations

import base64
import json
import os
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tests.servers.certificates import certificates

PUSH = "https://bitfire.at/webdav-push"


def base64url(octets: bytes) -> str:
    """Without "=" at the end."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@dataclass
class Message:
    """What came."""

    body: bytes  # decrypted
    headers: Mapping[str, str]
    claims: Mapping[str, Any]
    signed_by: str  # the public VAPID key
    at: float


@dataclass
class Subscription:
    """A subscription of an app on a phone: the service knows where it is, the app alone can read."""

    endpoint: str
    secret: bytes = field(default_factory=lambda: os.urandom(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    messages: list[Message] = field(default_factory=list)
    status: int = 201  # what the service answers
    answer: dict[str, str] = field(default_factory=dict)  # more headers
    refused: int = 0
    pause: float = 0.0  # seconds before it answers

    @property
    def public(self) -> str:
        """The public key, base64url."""
        return base64url(self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def register_body(
        self, trigger: str = "<content-update><D:depth>1</D:depth></content-update>", more: str = ""
    ) -> str:
        """What DAVx5 sends to register it."""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><push-register xmlns="{PUSH}" xmlns:D="DAV:"><subscription>'
            f"<web-push-subscription><push-resource>{self.endpoint}</push-resource>"
            f'<subscription-public-key type="p256dh">{self.public}</subscription-public-key>'
            f"<auth-secret>{base64url(self.secret)}</auth-secret></web-push-subscription></subscription>"
            f"<trigger>{trigger}</trigger>{more}</push-register>"
        )

    def wait(self, count: int = 1, seconds: float = 10.0) -> list[Message]:
        """The messages, once there are so many. Raises AssertionError when they do not come."""
        until = time.monotonic() + seconds
        while len(self.messages) < count:
            assert time.monotonic() < until, f"{len(self.messages)} of {count} messages came"
            time.sleep(0.01)
        return self.messages


class PushService:
    """Knows its subscriptions."""

    def __init__(self, ca_file: Path) -> None:
        self.ca_file = ca_file
        self.origin = ""
        self.subscriptions: dict[str, Subscription] = {}

    def subscribe(self) -> Subscription:
        """A new subscription."""
        path = f"/up/{os.urandom(9).hex()}"
        self.subscriptions[path] = Subscription(self.origin + path)
        return self.subscriptions[path]

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str]]:
        """Status and headers of the answer to a message."""
        found = self.subscriptions.get(path)
        if found is None:
            return 404, {}
        time.sleep(found.pause)
        if found.status != 201:
            found.refused += 1
            return found.status, found.answer
        if "ttl" not in headers or headers.get("content-encoding") != "aes128gcm":
            return 400, {}
        claims, key = self._signature(headers.get("authorization", ""))
        plain = http_ece.decrypt(body, private_key=found.key, auth_secret=found.secret, version="aes128gcm")
        found.messages.append(Message(plain, headers, claims, key, time.monotonic()))
        return 201, {"location": f"{self.origin}/m/1"}

    def _signature(self, authorization: str) -> tuple[Mapping[str, Any], str]:
        assert Vapid02.verify(authorization), "the signature is wrong"
        parts = dict(part.strip().split("=", 1) for part in authorization.removeprefix("vapid ").split(","))
        payload = parts["t"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert claims["aud"] == self.origin
        assert time.time() < claims["exp"] <= time.time() + 86400
        return claims, parts["k"]


@contextmanager
def push_service(folder: Path) -> Iterator[PushService]:
    """One that runs, over TLS, with an authority of its own."""
    server, ca = certificates(folder)
    service = PushService(ca)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, headers = service.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            self.send_response(status)
            for name, value in {**headers, "content-length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(server)
    running.socket = tls.wrap_socket(running.socket, server_side=True)
    service.origin = f"https://127.0.0.1:{running.server_address[1]}"
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield service
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
