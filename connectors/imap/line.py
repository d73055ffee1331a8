"""One connection to an IMAP server, made when it is needed, with one folder open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from connectors.imap.failures import HungUp, refusal, talking
from connectors.imap.folders import readable_folders, wire_names
from connectors.imap.sign_in import sign_in
from connectors.mail_address import MailServer, tls_context
from connectors.mail_line import no_encryption, watch, words
from connectors.mail_tokens import run_out
from connectors.settings import ConnectorSettings
from sync_engine.errors import AccountError, CollectionGone, NoAccess, NotAuthorised, Rejected, Unavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """What the server said when a folder was opened (RFC 3501 6.3.1, RFC 7162 3.1.2)."""

    folder: str
    writable: bool
    validity: int  # UIDVALIDITY
    count: int  # mails in it
    next_uid: int  # 0: not said
    modseq: int  # HIGHESTMODSEQ; 0: not said
    keeps: frozenset[bytes]  # PERMANENTFLAGS, lower case


class Client(IMAPClient):  # type: ignore[misc]  # no types
    """The library's, with an IDLE that loses nothing of what comes while it begins."""

    told_early = False  # of mails, before the "+" that begins it
    _look_at_buffer = False  # what came together with the "+" is in a buffer, and poll is silent

    def idle(self) -> None:
        """As the library's, which takes anything before the "+" for an error (RFC 3501 7: it may come)."""
        self.told_early = False
        self._idle_tag = self._imap._command("IDLE")
        while (answer := self._imap._get_response()) is not None:
            if not answer.startswith(b"* "):
                raise IMAPClientError(f"IDLE failed: {words(answer)}")
            self.told_early = self.told_early or b"EXISTS" in answer
        self._look_at_buffer = True

    def _poll_socket(self, sock: Any, timeout: float | None = None) -> Any:
        if self._look_at_buffer:
            self._look_at_buffer = False
            return True
        return super()._poll_socket(sock, timeout)


class ImapLine:
    """Of one thread. After an AccountError the next call makes a new connection."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self.server = MailServer.of(settings.url)
        self._settings = settings
        self._client: Client | None = None
        self._opened: Opened | None = None
        self._worked = False  # somebody signed in on this line

    @property
    def host(self) -> str:
        """For sentences."""
        return self.server.host

    @property
    def connected(self) -> bool:
        """Whether a connection is there that did not fail yet."""
        return self._client is not None

    def ask(self, what: Callable[[Client], T], *, of_mails: bool = False) -> T:
        """One talk. Raises `sync_engine.errors`; the connection is given up unless only this was refused.

        `of_mails`: it names mails, so that a refusal may be about one of them (Rejected); else it is `Unavailable`.
        """
        try:
            with talking(self.host):
                return what(self._connection())
        except (CollectionGone, NoAccess):
            self._opened = None
            raise
        except AccountError:
            self.drop()
            raise
        except Rejected as err:
            if of_mails and self.connected:
                raise
            self.drop()
            raise Unavailable(f"{self.host} does not do what is asked of it.", server_said=err.server_said) from err

    def open(self, folder: str, *, write: bool = False, afresh: bool = False) -> Opened:
        """Open a folder for reading (EXAMINE) or writing (SELECT). Raises CollectionGone when it is not there.

        `afresh`: ask the server again although it is open, to see what came.
        """
        now = self._opened
        if now is None or afresh or now.folder != folder or (write and not now.writable):
            self._opened = None
            kept = self.connected
            try:
                now = self.ask(lambda client: self._open(client, folder, write=write))
            except HungUp:
                if not kept:
                    raise
                now = self.ask(lambda client: self._open(client, folder, write=write))  # it was silent for too long
            self._opened = now
        return now

    def _open(self, client: IMAPClient, folder: str, *, write: bool) -> Opened:
        found = self._selected(client, folder, write=write)
        return Opened(
            folder,
            write,
            int(found.get(b"UIDVALIDITY", 0)),
            int(found.get(b"EXISTS", 0)),
            int(found.get(b"UIDNEXT", 0)),
            int(found.get(b"HIGHESTMODSEQ", 0)),
            frozenset(flag.lower() for flag in found.get(b"PERMANENTFLAGS", ())),
        )

    def _selected(self, client: IMAPClient, folder: str, *, write: bool) -> dict[bytes, Any]:
        said = ""
        for name in wire_names(folder):
            try:
                return dict(client.select_folder(name, readonly=not write))
            except client.AbortError:
                raise
            except IMAPClientError as err:
                said = said or words(err)
        raise self._not_opened(client, folder, said)

    def _not_opened(self, client: IMAPClient, folder: str, said: str) -> Exception:
        """Not there, or not now?"""
        found = refusal(said, self.host)
        if isinstance(found, AccountError):
            return found
        if folder in {one.id for one in readable_folders(client)}:
            return Unavailable(f"{self.host} does not open the folder {folder} now.", server_said=said)
        return CollectionGone(
            f"There is no folder {folder} at {self.host}; agendahub account test shows its folders.", server_said=said
        )

    def _connection(self) -> Client:
        if self._client is None:
            client = self._connect()
            try:
                self._secure(client)
                sign_in(client, self._settings, self.host)
                _count_changes(client)
            except NotAuthorised as err:
                _hang_up(client)
                raise run_out(err, auth=self._settings.auth, worked=self._worked) from err
            except BaseException:
                _hang_up(client)
                raise
            self._client, self._worked = client, True
        return self._client

    def _connect(self) -> Client:
        timeout = SocketTimeout(connect=min(self._settings.timeout, 30.0), read=self._settings.timeout)
        context = tls_context(self._settings) if self.server.encrypted else None
        client = Client(
            self.host, port=self.server.port, ssl=self.server.encrypted, ssl_context=context, timeout=timeout
        )
        client.normalise_times, client.folder_encode = False, False  # times with their zone, names as they are
        watch(client.socket())
        return client

    def _secure(self, client: Client) -> None:
        trusted = self.server.here and not self._settings.ca_file and not client.has_capability("LOGINDISABLED")
        if self.server.encrypted or trusted:
            return
        if not client.has_capability("STARTTLS"):
            raise no_encryption(self.host)
        client.starttls(tls_context(self._settings))

    def drop(self) -> None:
        """Give the connection up without a word: it may be dead."""
        client, self._client, self._opened = self._client, None, None
        if client is not None:
            _hang_up(client)

    def close(self) -> None:
        """Say goodbye, if somebody is there."""
        client, self._client, self._opened = self._client, None, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.logout()
            _hang_up(client)


def _count_changes(client: Client) -> None:
    """Some do not tell HIGHESTMODSEQ before; those who refuse it are asked without."""
    if client.has_capability("CONDSTORE") and client.has_capability("ENABLE"):
        with contextlib.suppress(IMAPClientError):
            client.enable("CONDSTORE")


def _hang_up(client: IMAPClient) -> None:
    with contextlib.suppress(Exception):
        client.shutdown()
