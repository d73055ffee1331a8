"""A connection to an IMAP server that says what a test tells it to say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.imap import connect
from connectors.imap.source import ImapSource
from connectors.settings import ConnectorSettings
from tests.servers.scripted import Imap, Scripted, scripted

SECRET = "pw-canary-4711"
MAILS = {uid: b"Subject: %d\r\n\r\ntext\r\n" % uid for uid in (3, 5, 8)}


@contextmanager
def at(imap: Imap, *, timeout: float = 5.0, host: str = "127.0.0.1") -> Iterator[tuple[ImapSource, Scripted]]:
    with scripted(imap, host) as server:
        source = connect(ConnectorSettings(f"imap://{host}:{server.port}", "ada", SECRET, timeout=timeout))
        try:
            yield source, server
        finally:
            source.close()


def never() -> bool:
    return False


def listed(source: ImapSource) -> list[str]:
    return [one.id for page in source.arrivals("INBOX", None) for one in page.arrivals]
