"""The contract, kept by the DAV connector with servers that lack one thing or the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.registry import connect
from connectors.settings import ConnectorSettings
from sync_engine.ports import Connector, Cursor
from tests.contract.connector_contract import ConnectorContract
from tests.servers.unkind_dav import BOOK, CALENDAR, Mood, UnkindDav, unkind_dav


def _opened(server: UnkindDav) -> Iterator[Connector]:
    connector = connect("dav", ConnectorSettings(server.url, "ada", "sécret"))
    yield connector
    connector.close()


class TestPlain(ConnectorContract):
    mood = Mood()

    @pytest.fixture
    def server(self) -> Iterator[UnkindDav]:
        with unkind_dav() as server:
            server.mood = self.mood
            yield server

    @pytest.fixture
    def connector(self, server: UnkindDav) -> Iterator[Connector]:
        yield from _opened(server)

    @pytest.fixture
    def somebody(self, server: UnkindDav) -> Iterator[Connector]:
        yield from _opened(server)

    @pytest.fixture
    def calendar(self) -> str:
        return CALENDAR

    @pytest.fixture
    def address_book(self) -> str:
        return BOOK


class TestNumberedTokensThatAreAllTaken(TestPlain):
    """As SOGo and DAViCal do."""

    mood = Mood(any_token=True)


class TestTokenRefusedBy412(TestPlain):
    mood = Mood(token_status=412)


class TestSyncInSmallParts(TestPlain):
    mood = Mood(page_size=2)


class _WithoutSync(TestPlain):
    def bogus_cursor(self, connector: Connector, calendar: str) -> Cursor:
        return "from another version"


class TestCtagOnly(_WithoutSync):
    mood = Mood(sync=False)


class TestEntityTagsOnly(_WithoutSync):
    mood = Mood(sync=False, ctag=False)


class TestR35NothingAtAll(_WithoutSync):
    mood = Mood(sync=False, ctag=False, etags="none")


class TestR35WeakTags(_WithoutSync):
    mood = Mood(sync=False, ctag=True, etags="weak")


class TestSyncWithoutTags(TestPlain):
    mood = Mood(etags="none", put_etag=False)


class TestNoTagAfterPut(TestPlain):
    mood = Mood(put_etag=False)


class TestNoMultiget(TestPlain):
    mood = Mood(multiget=False)


class TestPercentEncodedAddresses(TestPlain):
    mood = Mood(hrefs="percent")


class TestAbsoluteAddresses(TestPlain):
    mood = Mood(hrefs="absolute")
