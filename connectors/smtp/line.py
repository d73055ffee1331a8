"""One connection to an SMTP server, made when it is needed."""

from __future__ import annotations

import contextlib
import smtplib
import socket

from connectors.mail_address import MailServer, tls_context
from connectors.mail_line import no_encryption, watch
from connectors.mail_tokens import run_out
from connectors.settings import ConnectorSettings
from connectors.smtp.failures import talking
from connectors.smtp.sign_in import sign_in
from sync_engine.errors import NotAuthorised


class SmtpLine:
    """Of one thread."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self.server = MailServer.of(settings.url)
        self._settings = settings
        self._client: smtplib.SMTP | None = None
        self._worked = False  # somebody signed in on this line

    @property
    def host(self) -> str:
        """For sentences."""
        return self.server.host

    def client(self) -> smtplib.SMTP:
        """Signed in, and answering a moment ago. Raises `sync_engine.errors`; nothing was handed over then."""
        if self._client is not None and not _alive(self._client):
            self.drop()
        if self._client is None:
            with talking(self.host):
                self._client = self._connected()
        return self._client

    def _connected(self) -> smtplib.SMTP:
        client = self._connect()
        try:
            client.command_encoding = "utf-8"
            if client.sock is not None:
                watch(client.sock)
            client.ehlo_or_helo_if_needed()
            self._secure(client)
            sign_in(client, self._settings, self.host)
        except NotAuthorised as err:
            client.close()
            raise run_out(err, auth=self._settings.auth, worked=self._worked) from err
        except BaseException:
            client.close()
            raise
        self._worked = True
        return client

    def _connect(self) -> smtplib.SMTP:
        host, port, timeout = self.host, self.server.port, self._settings.timeout
        if self.server.encrypted:
            context = tls_context(self._settings)
            return smtplib.SMTP_SSL(host, port, local_hostname=_own_name(), timeout=timeout, context=context)
        return smtplib.SMTP(host, port, local_hostname=_own_name(), timeout=timeout)

    def _secure(self, client: smtplib.SMTP) -> None:
        if self.server.encrypted or (self.server.here and not self._settings.ca_file):
            return
        if not client.has_extn("starttls"):
            raise no_encryption(self.host)
        client.starttls(context=tls_context(self._settings))
        client.ehlo_or_helo_if_needed()

    def drop(self) -> None:
        """Give the connection up without a word: it may be dead."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def close(self) -> None:
        """Say goodbye, if somebody is there."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError):
                client.quit()
            client.close()


def _alive(client: smtplib.SMTP) -> bool:
    """Whether it still answers, and knows nothing of the mail before."""
    try:
        return client.rset()[0] == 250
    except OSError:
        return False


def _own_name() -> str:
    """What we call ourselves (RFC 5321 4.1.4): a whole name, or an address; names are not looked up."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
