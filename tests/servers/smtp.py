"""An SMTP server in this process (aiosmtpd) that keeps what it takes, can pass it on, and fails on demand."""

# ruff: noqa: N802  # names that aiosmtpd looks for
from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.servers.certificates import certificates

USER, PASSWORD, TOKEN = "support@example.org", "secret-0815 žluť", "ya29-0123456789abcdef"
LIMIT = 2_000_000  # octets of a mail that it takes

Relay = Callable[[bytes, Sequence[str], str], None]


@dataclass(frozen=True)
class Taken:
    """A mail that was taken."""

    raw: bytes
    recipients: tuple[str, ...]
    sender: str


@dataclass
class SmtpServer:
    """It runs: in clear with STARTTLS on `port`, encrypted on `tls_port`."""

    ca_file: Path
    port: int = 0
    tls_port: int = 0
    mails: list[Taken] = field(default_factory=list)
    connections: int = 0
    signed_in_only: bool = True
    refused: dict[str, str] = field(default_factory=dict)  # recipient -> the answer to it
    at_mail: str = ""  # the answer to MAIL FROM, instead of a yes
    at_end: str = ""  # the answer to the end of a mail, instead of a yes
    breaks_at_data: bool = False  # hangs up when the text of a mail shall come
    loses_answers: bool = False  # takes mails, and hangs up instead of saying so
    relay: Relay | None = None  # each mail is passed on to it before it is taken
    transports: list[asyncio.Transport] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"smtps://127.0.0.1:{self.tls_port}"

    @contextmanager
    def told(self, **how: Any) -> Iterator[None]:
        """To fail, for a while."""
        before = {name: getattr(self, name) for name in how}
        vars(self).update(how)
        try:
            yield
        finally:
            vars(self).update(before)

    # ------------------------------------------------------------ what aiosmtpd asks

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        if self.signed_in_only and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self.at_mail:
            return self.at_mail
        envelope.mail_from = sender  # "" would be none to aiosmtpd
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, _s: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.at_end:
            return self.at_end
        taken = Taken(
            bytes(envelope.original_content or b""), tuple(envelope.rcpt_tos), (envelope.mail_from or "").strip("<>")
        )
        if self.relay is not None:
            await asyncio.to_thread(self.relay, taken.raw, taken.recipients, taken.sender)
        self.mails.append(taken)
        if self.loses_answers:
            _cut(server)
        return "250 2.0.0 taken"

    def authenticate(self, _server: SMTP, _s: Session, _e: Envelope, _mechanism: str, given: Any) -> AuthResult:
        good = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)


def _cut(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


class _Door(SMTP):
    """One connection."""

    def __init__(self, kept: SmtpServer, **more: Any) -> None:
        self.kept = kept
        super().__init__(
            kept,
            data_size_limit=LIMIT,
            enable_SMTPUTF8=True,
            decode_data=False,
            authenticator=kept.authenticate,
            auth_require_tls=False,
            hostname="mail.example.org",
            **more,
        )

    def connection_made(self, transport: Any) -> None:
        self.kept.connections += 1
        self.kept.transports.append(transport)
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:
        if self.kept.breaks_at_data:
            _cut(self)
            return
        await super().smtp_DATA(arg)

    async def auth_XOAUTH2(self, _server: SMTP, args: list[str]) -> Any:
        return await self._by_token(args, f"user={USER}\1auth=Bearer {TOKEN}\1\1")

    async def auth_OAUTHBEARER(self, _server: SMTP, args: list[str]) -> Any:
        return await self._by_token(args, f"n,a={USER},\1auth=Bearer {TOKEN}\1\1")

    async def _by_token(self, args: list[str], wanted: str) -> Any:
        if len(args) == 2 and base64.b64decode(args[1]) == wanted.encode():
            return AuthResult(success=True)
        await self.challenge_auth(b'{"status":"invalid_token"}')
        return AuthResult(success=False, handled=False)


@contextmanager
def smtp(folder: Path) -> Iterator[SmtpServer]:
    """For a while."""
    server_pem, ca_file = certificates(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server_pem)
    kept = SmtpServer(ca_file)
    loop = asyncio.new_event_loop()
    doors = [
        loop.run_until_complete(
            loop.create_server(lambda: _Door(kept, loop=loop, tls_context=context), "127.0.0.1", 0)
        ),
        loop.run_until_complete(loop.create_server(lambda: _Door(kept, loop=loop), "127.0.0.1", 0, ssl=context)),
    ]
    kept.port, kept.tls_port = (door.sockets[0].getsockname()[1] for door in doors)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        asyncio.run_coroutine_threadsafe(_closed(doors, kept), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _closed(doors: list[asyncio.Server], kept: SmtpServer) -> None:
    for door in doors:
        door.close()
    for transport in kept.transports:
        transport.abort()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for _ in range(3):  # what closing a connection calls soon
        await asyncio.sleep(0)
