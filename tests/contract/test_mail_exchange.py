"""Mailboxes of Exchange, through exchangelib and the EWS test server: both contracts of mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import urlsplit

import pytest
from lxml import etree

from connectors.exchange.mail import ExchangeMail
from connectors.exchange.mail_sending import ExchangeSender
from connectors.settings import ConnectorSettings
from tests.contract.mail_office_contract import OfficeSender, OfficeSource
from tests.contract.mail_sender_contract import Gone
from tests.contract.mail_source_world import Lying
from tests.contract.microsoft_office import OfficeMailbox, gone_from, with_done
from tests.servers.door import Door, door
from tests.servers.microsoft.ews import PATH, add_person, application
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.ews_client import schema_faults
from tests.servers.microsoft.ews_xml import stored, t
from tests.servers.microsoft.mailbox import Mailbox as Box
from tests.servers.microsoft.no_mail import answers_meant
from tests.servers.microsoft.serving import serving

_numbers = count(1)


@dataclass
class Ground:
    """The server, and how the test reaches it."""

    site: Site
    door: Door

    def settings(self, address: str, **more: object) -> ConnectorSettings:
        told = {"username": address.partition("@")[0], "secret": "secret", "max_wait": 0.0, **more}
        return ConnectorSettings(f"http://127.0.0.1:{self.door.port}{PATH}", **told)  # type: ignore[arg-type]

    def unreachable(self) -> ConnectorSettings:
        return ConnectorSettings(f"http://127.0.0.1:9{PATH}", "ada", "secret")


@pytest.fixture(scope="module")
def _ground() -> Iterator[Ground]:
    site = Site()
    with serving(application(site)) as site.url, door(urlsplit(site.url).port or 0) as there:
        yield Ground(site, there)


@pytest.fixture
def ground(_ground: Ground) -> Iterator[Ground]:
    """As it was for each test; what it answered keeps to the schemas, where these are there."""
    kind = replace(_ground.site.mood)
    yield _ground
    vars(_ground.site.mood).update(vars(kind))
    faults = schema_faults(_ground.site)
    _ground.site.documents.clear()
    assert not faults, faults[0]


@pytest.fixture
def box(ground: Ground) -> Box:
    """A new one, with a folder below the inbox."""
    login = f"support{next(_numbers)}"
    add_person(ground.site, login, "secret", f"{login}@example.org", "Support")
    return with_done(ground.site.exchange.mailbox(f"{login}@example.org"))


class Office(OfficeMailbox):
    """Somebody's mailbox, as its owner sees it."""

    def __init__(self, site: Site, box: Box) -> None:
        super().__init__(box)
        self.site = site

    def lying(self, folder: str) -> Sequence[Lying]:
        found = self.items(folder)
        return [Lying(one.mime, _text(one.fields["IsRead"]) in {"1", "true"}, _categories(one.fields)) for one in found]

    def mark_seen(self, folder: str, raw: bytes) -> None:
        self.box.update(self.item(folder, raw), {"IsRead": stored(t("IsRead", "true"))})

    def expire(self, folder: str) -> None:
        self.site.mood.forget_states = 1


def _text(xml: str) -> str:
    return etree.fromstring(xml).text or ""


def _categories(fields: dict[str, str]) -> frozenset[str]:
    return (
        frozenset(one.text or "" for one in etree.fromstring(fields["Categories"]))
        if "Categories" in fields
        else frozenset()
    )


class TestExchangeMail(OfficeSource):
    """As Exchange is."""

    connects = ExchangeMail

    @pytest.fixture
    def mailbox(self, ground: Ground, box: Box) -> Office:
        return Office(ground.site, box)

    @pytest.fixture
    def done(self) -> str:
        return "INBOX/Done"


@pytest.mark.slow
class TestExchangeMailUnkind(TestExchangeMail):
    """With short answers and errors, and tombstones of what nobody knew."""

    @pytest.fixture(autouse=True)
    def _unkind(self, ground: Ground) -> None:
        mood = ground.site.mood
        mood.sparse = mood.terse_errors = mood.early_tombstones = True


@dataclass
class Post:
    """What went out of a mailbox."""

    ground: Ground
    box: Box

    def gone(self) -> Sequence[Gone]:
        return gone_from(self.ground.site.exchange, self.box)

    @contextmanager
    def loses_answer(self) -> Iterator[None]:
        """It does not come in time."""
        self.ground.site.mood.commit_then_wait = 0.6
        yield

    def breaks_early(self) -> AbstractContextManager[object]:
        return self.ground.door.shut()

    @contextmanager
    def is_busy(self) -> Iterator[None]:
        self.ground.site.mood.busy, self.ground.site.mood.back_off = 1, 1000
        yield


@pytest.mark.mails
class TestExchangeSender(OfficeSender):
    """Who is refused is told by a mail of Exchange's own, some time later."""

    connects = ExchangeSender

    @pytest.fixture(autouse=True)
    def _meant(self) -> Iterator[None]:
        with answers_meant():
            yield

    @pytest.fixture
    def far_side(self, ground: Ground, box: Box) -> Post:
        return Post(ground, box)
