"""Mail at a real Dovecot does what every source of mail must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from imapclient import IMAPClient

from connectors.imap import connect
from connectors.imap.source import ImapSource
from connectors.settings import ConnectorSettings
from tests.contract.mail_source_contract import MailSourceContract
from tests.contract.mail_source_world import Lying
from tests.servers import dovecot as servers
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.processes import free_port

pytestmark = pytest.mark.skipif(bool(servers.why_not()), reason=servers.why_not())

_users = count()


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with servers.dovecot() as found:
        yield found


@pytest.fixture
def user() -> str:
    """Somebody new."""
    return f"user{next(_users)}"


class Somebody:
    """Another program at the same mailbox, on a connection of its own."""

    def __init__(self, server: Dovecot, user: str) -> None:
        self.server, self.user = server, user
        self.client = IMAPClient("127.0.0.1", port=server.port, ssl=False, timeout=10)
        self.client.login(user, PASSWORD)
        for name in ("Done", "Größe & Co/日本"):
            self.client.create_folder(name)

    def put(self, folder: str, raw: bytes) -> None:
        self.client.append(folder, raw)

    def lying(self, folder: str) -> Sequence[Lying]:
        return [_lying(row) for row in self._rows(folder).values()]

    def remove(self, folder: str, raw: bytes) -> None:
        self.client.delete_messages(self._uids(folder, raw))
        self.client.expunge()

    def mark_seen(self, folder: str, raw: bytes) -> None:
        self.client.add_flags(self._uids(folder, raw), [b"\\Seen"])

    def expire(self, folder: str) -> None:
        """Its mails are numbered anew."""
        validity = self.client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"]
        self.server.doveadm("mailbox", "update", "-u", self.user, "--uid-validity", str(validity + 7), folder)

    def _uids(self, folder: str, raw: bytes) -> list[int]:
        return [uid for uid, row in self._rows(folder).items() if row[b"BODY[]"] == raw]

    def _rows(self, folder: str) -> dict[int, Any]:
        self.client.select_folder(folder)
        return dict(self.client.fetch(self.client.search(), ["BODY.PEEK[]", "FLAGS"]))


def _lying(row: Any) -> Lying:
    flags = {flag.decode() for flag in row[b"FLAGS"]} - {"\\Recent"}
    return Lying(row[b"BODY[]"], "\\Seen" in flags, frozenset(flags - {"\\Seen"}))


class _Contract(MailSourceContract):
    @pytest.fixture
    def settings(self, dovecot: Dovecot, user: str) -> ConnectorSettings:
        raise NotImplementedError

    @pytest.fixture
    def mailbox(self, dovecot: Dovecot, user: str) -> Iterator[Somebody]:
        found = Somebody(dovecot, user)
        yield found
        found.client.logout()

    @pytest.fixture
    def source(self, settings: ConnectorSettings, mailbox: Somebody) -> Iterator[ImapSource]:
        yield from _for_a_while(settings)

    @pytest.fixture
    def again(self, settings: ConnectorSettings, mailbox: Somebody) -> Iterator[ImapSource]:
        yield from _for_a_while(settings)

    @pytest.fixture
    def locked_out(self, dovecot: Dovecot) -> Iterator[ImapSource]:
        yield from _for_a_while(ConnectorSettings(dovecot.tls_url, "ada", "wrong", ca_file=str(dovecot.ca_file)))

    @pytest.fixture
    def unreachable(self) -> Iterator[ImapSource]:
        yield from _for_a_while(ConnectorSettings(f"imap://127.0.0.1:{free_port()}", "ada", PASSWORD))

    @pytest.fixture
    def inbox(self) -> str:
        return "INBOX"

    @pytest.fixture
    def done(self) -> str:
        return "Done"


def _for_a_while(settings: ConnectorSettings) -> Iterator[ImapSource]:
    found = connect(settings)
    found.page = 10
    yield found
    found.close()


class TestByPassword(_Contract):
    """INBOX, encrypted from the first octet, signed in by password."""

    @pytest.fixture
    def settings(self, dovecot: Dovecot, user: str) -> ConnectorSettings:
        return ConnectorSettings(dovecot.tls_url, user, PASSWORD, ca_file=str(dovecot.ca_file), timeout=30.0)


class TestByToken(_Contract):
    """A folder with any letters in its name, STARTTLS, signed in with a token."""

    @pytest.fixture
    def settings(self, dovecot: Dovecot, user: str) -> ConnectorSettings:
        secret = servers.token(user)
        return ConnectorSettings(dovecot.url, user, secret, auth="bearer", ca_file=str(dovecot.ca_file), timeout=30.0)

    @pytest.fixture
    def inbox(self) -> str:
        return "Größe & Co/日本"
