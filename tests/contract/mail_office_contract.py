"""Both contracts of mail for systems that keep a mailbox for each address: Exchange, Microsoft 365, Gmail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Protocol

import pytest

from connectors.mail import MailSender, MailSource
from connectors.settings import ConnectorSettings
from tests.contract.mail_sender_contract import MailSenderContract
from tests.contract.mail_source_contract import MailSourceContract


class Box(Protocol):
    """A mailbox of the test server."""

    @property
    def address(self) -> str: ...


class Ground(Protocol):
    """The test server, and how a test reaches it."""

    def settings(self, address: str, **more: Any) -> ConnectorSettings:
        """Of an account that opens this mailbox."""

    def unreachable(self) -> ConnectorSettings:
        """Where nobody listens."""


class OfficeSource(MailSourceContract):
    """Subclasses give `mailbox` and `done`, and there are the fixtures `ground` and `box`."""

    connects: Callable[..., MailSource]

    @pytest.fixture
    def source(self, ground: Ground, box: Box) -> Iterator[MailSource]:
        with closing(self.connects(ground.settings(box.address), page=10)) as made:
            yield made

    @pytest.fixture
    def again(self, ground: Ground, box: Box) -> Iterator[MailSource]:
        with closing(self.connects(ground.settings(box.address), page=10)) as made:
            yield made

    @pytest.fixture
    def locked_out(self, ground: Ground, box: Box) -> Iterator[MailSource]:
        with closing(self.connects(ground.settings(box.address, secret="wrong"))) as made:
            yield made

    @pytest.fixture
    def unreachable(self, ground: Ground) -> Iterator[MailSource]:
        with closing(self.connects(ground.unreachable())) as made:
            yield made

    @pytest.fixture
    def inbox(self) -> str:
        return "INBOX"


class OfficeSender(MailSenderContract):
    """Subclasses give `far_side`, and there are the fixtures `ground` and `box`."""

    connects: Callable[..., MailSender]

    @pytest.fixture(autouse=True)
    def _address(self, box: Box) -> None:
        self.address = box.address

    @pytest.fixture
    def sender(self, ground: Ground, box: Box) -> Iterator[MailSender]:
        with closing(self.connects(ground.settings(box.address, timeout=0.5))) as made:
            yield made

    @pytest.fixture
    def again(self, ground: Ground, box: Box) -> Iterator[MailSender]:
        with closing(self.connects(ground.settings(box.address))) as made:
            yield made

    @pytest.fixture
    def locked_out(self, ground: Ground, box: Box) -> Iterator[MailSender]:
        with closing(self.connects(ground.settings(box.address, secret="wrong"))) as made:
            yield made

    @pytest.fixture
    def unreachable(self, ground: Ground) -> Iterator[MailSender]:
        with closing(self.connects(ground.unreachable())) as made:
            yield made
