"""The contract, kept by the DAV connector with servers that come as Debian packages (`make test-servers`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.test_connector_dav_servers import DavContract
from tests.servers.dav_setup import make_collection
from tests.servers.debian import debian_server, why_not
from tests.servers.processes import Server

if all(why_not(name) == "run make test-servers" for name in ("cyrus", "sogo", "davical")):
    pytest.skip("Cyrus, SOGo and DAViCal: run make test-servers", allow_module_level=True)


def _needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(bool(why_not(name)), reason=f"{name}: {why_not(name)}")


@pytest.fixture(scope="module")
def cyrus_server() -> Iterator[Server]:
    with debian_server("cyrus") as server:
        yield server


@pytest.fixture(scope="module")
def sogo_server() -> Iterator[Server]:
    with debian_server("sogo") as server:
        yield server


@pytest.fixture(scope="module")
def davical_server() -> Iterator[Server]:
    with debian_server("davical") as server:
        yield server


class DebianContract(DavContract):
    calendars = ""
    address_books = ""

    @pytest.fixture
    def calendar(self, server: Server) -> str:
        return make_collection(server, self.calendars, "calendar")

    @pytest.fixture
    def address_book(self, server: Server) -> str:
        return make_collection(server, self.address_books, "addressbook")


@_needs("cyrus")
class TestCyrus(DebianContract):
    calendars = "/dav/calendars/user/ada/"
    address_books = "/dav/addressbooks/user/ada/"

    @pytest.fixture
    def server(self, cyrus_server: Server) -> Server:
        return cyrus_server


@_needs("sogo")
class TestSogo(DebianContract):
    calendars = "/SOGo/dav/ada/Calendar/"
    address_books = "/SOGo/dav/ada/Contacts/"

    @pytest.fixture
    def server(self, sogo_server: Server) -> Server:
        return sogo_server


@_needs("davical")
class TestDavical(DebianContract):
    calendars = "/caldav.php/ada/"
    address_books = "/caldav.php/ada/"

    @pytest.fixture
    def server(self, davical_server: Server) -> Server:
        return davical_server
