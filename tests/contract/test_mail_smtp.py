"""An SMTP server that fails on demand: our sender does what every sender of mail must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from connectors.settings import ConnectorSettings
from connectors.smtp import connect
from connectors.smtp.sender import SmtpSender
from tests.contract.mail_sender_contract import Gone, MailSenderContract
from tests.servers.processes import free_port
from tests.servers.smtp import LIMIT, PASSWORD, TOKEN, USER, SmtpServer, smtp


class FarSide:
    def __init__(self, server: SmtpServer) -> None:
        self.server = server

    def gone(self) -> Sequence[Gone]:
        return [Gone(one.raw, frozenset(one.recipients), one.sender) for one in self.server.mails]

    def loses_answer(self) -> AbstractContextManager[object]:
        return self.server.told(loses_answers=True)

    def breaks_early(self) -> AbstractContextManager[object]:
        return self.server.told(breaks_at_data=True)

    def is_busy(self) -> AbstractContextManager[object]:
        return self.server.told(at_mail="451 4.7.1 Greylisted, come again")


class _Contract(MailSenderContract):
    can_tell = False
    refused = "nobody@customer.example"
    too_large = LIMIT

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[SmtpServer]:
        with smtp(tmp_path) as found:
            found.refused["nobody@customer.example"] = "550 5.1.1 No such mailbox"
            yield found

    @pytest.fixture
    def far_side(self, server: SmtpServer) -> FarSide:
        return FarSide(server)

    @pytest.fixture
    def settings(self, server: SmtpServer) -> ConnectorSettings:
        raise NotImplementedError

    @pytest.fixture
    def sender(self, settings: ConnectorSettings) -> Iterator[SmtpSender]:
        yield from _for_a_while(settings)

    @pytest.fixture
    def again(self, settings: ConnectorSettings) -> Iterator[SmtpSender]:
        yield from _for_a_while(settings)

    @pytest.fixture
    def locked_out(self, server: SmtpServer) -> Iterator[SmtpSender]:
        yield from _for_a_while(ConnectorSettings(server.tls_url, USER, "wrong", ca_file=str(server.ca_file)))

    @pytest.fixture
    def unreachable(self) -> Iterator[SmtpSender]:
        yield from _for_a_while(ConnectorSettings(f"smtp://127.0.0.1:{free_port()}", USER, PASSWORD))


def _for_a_while(settings: ConnectorSettings) -> Iterator[SmtpSender]:
    found = connect(settings)
    yield found
    found.close()


class TestByPassword(_Contract):
    """Encrypted from the first octet, signed in by password."""

    @pytest.fixture
    def settings(self, server: SmtpServer) -> ConnectorSettings:
        return ConnectorSettings(server.tls_url, USER, PASSWORD, ca_file=str(server.ca_file), timeout=30.0)


class TestByToken(_Contract):
    """STARTTLS, signed in with a token."""

    @pytest.fixture
    def settings(self, server: SmtpServer) -> ConnectorSettings:
        return ConnectorSettings(server.url, USER, TOKEN, auth="bearer", ca_file=str(server.ca_file), timeout=30.0)

    @pytest.fixture
    def locked_out(self, server: SmtpServer) -> Iterator[SmtpSender]:
        yield from _for_a_while(
            ConnectorSettings(server.url, USER, "wrong", auth="bearer", ca_file=str(server.ca_file), timeout=30.0)
        )
