"""Where a mail server is, and how the way to it is encrypted."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connectors.settings import ConnectorSettings

_PORTS = {"imaps": 993, "imap": 143, "smtps": 465, "smtp": 587}
_HERE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A host and a port."""

    scheme: str  # imaps, imap, smtps, smtp
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> MailServer:
        """Raises ValueError for what is no address of a mail server."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("The address of a mail server is like imaps://mail.example.org or smtp://mail.example.org")
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])

    @property
    def encrypted(self) -> bool:
        """From its first octet on."""
        return self.scheme.endswith("s")

    @property
    def here(self) -> bool:
        """On this machine: the only place that a password may go to in clear."""
        return self.host in _HERE


def tls_context(settings: ConnectorSettings) -> ssl.SSLContext:
    """With the authorities that the account trusts. Raises OSError for a ca_file that cannot be read."""
    return ssl.create_default_context(cafile=settings.ca_file or DEFAULT_CA_BUNDLE_PATH)
