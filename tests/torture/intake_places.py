"""Where the mails of killed readers lie: in folders of files, or in a real Dovecot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from imapclient import IMAPClient

from connectors.imap import connect
from connectors.mail import After, MailFolder, MailPage, MailSource
from connectors.settings import ConnectorSettings
from tests.servers.dovecot import DOMAIN, PASSWORD, Dovecot
from tests.servers.mail_folder import At, MailFolders


class Place(Protocol):
    """A mailbox."""

    order: dict[str, str]  # what a reader in another process must know

    def put(self, raw: bytes) -> None:
        """A mail comes."""

    def unflagged(self) -> int:
        """How many mails nobody flagged."""


class Files:
    """A folder of files."""

    def __init__(self, root: Path) -> None:
        (root / "INBOX").mkdir(parents=True)
        self.order = {"root": str(root)}
        self._folders = MailFolders(root)

    def put(self, raw: bytes) -> None:
        self._folders.put(raw)

    def unflagged(self) -> int:
        return self._folders.count() - len(self._folders.flags())


class InDovecot:
    """A user's mailbox."""

    def __init__(self, server: Dovecot, user: str) -> None:
        self._server, self._user = server, user
        self.order = {"imap": server.url, "user": user}

    def put(self, raw: bytes) -> None:
        self._server.deliver(raw, [f"{self._user}@{DOMAIN}"], "eva@customer.example")

    def unflagged(self) -> int:
        client = IMAPClient("127.0.0.1", port=self._server.port, ssl=False, timeout=10)
        client.login(self._user, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        found = client.search("UNKEYWORD AgendaHub")
        client.logout()
        return len(found)


def source_of(order: dict[str, Any], at: At) -> MailSource:
    """In the reader's process. `at` is called at each step."""
    if "imap" in order:
        return Stepping(connect(ConnectorSettings(order["imap"], order["user"], PASSWORD)), at)
    return MailFolders(Path(order["root"]), page=5, at=at, arrived_at=None)


@dataclass
class Stepping:
    """A source whose steps are told."""

    source: MailSource
    at: At

    def folders(self) -> Sequence[MailFolder]:
        return self.source.folders()

    def arrivals(self, folder: str, since: str | None) -> Iterator[MailPage]:
        self.at("list")
        for page in self.source.arrivals(folder, since):
            yield page
            self.at("page committed")

    def raw(self, folder: str, mail_id: str) -> bytes | None:
        self.at("fetch ")
        return self.source.raw(folder, mail_id)

    def raws(self, folder: str, mail_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        self.at("fetch ")
        for found in self.source.raws(folder, mail_ids):
            self.at("fetched")
            yield found
            self.at("taken")

    def settle(self, folder: str, mail_ids: Sequence[str], after: After) -> None:
        self.at("settle")
        for mail_id in mail_ids:
            self.source.settle(folder, [mail_id], after)
            self.at("settled one")
        self.at("settled")

    def close(self) -> None:
        self.source.close()
