"""The real exchangelib on the test server, and the schemas that check what the server answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import requests
from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials, EWSTimeZone, FaultTolerance
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.protocol import BaseProtocol, FailFast
from exchangelib.version import Build, Version
from lxml import etree
from requests.adapters import HTTPAdapter

from tests.servers.microsoft.ews import exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.ews_xml import MESSAGES, NAMES, SOAP

SCHEMAS = Path(__file__).parents[4] / "shared" / "schemas" / "ews" / "messages.xsd"
BERLIN = EWSTimeZone("Europe/Berlin")


class OurKey(ExtendedProperty):  # type: ignore[misc]
    """A key of ours on an item."""

    property_set_id = "a5d0c1de-57aa-4b2c-9d7a-5a1c0e3c7f10"
    property_name = "AgendaHubKey"
    property_type = "String"


@dataclass
class Desk:
    """A server, and people who work with it through exchangelib."""

    site: Site
    accounts: list[Any] = field(default_factory=list)

    @property
    def account(self) -> Any:
        """Ada's."""
        return self.accounts[0] if self.accounts else self.sign_in()

    def sign_in(
        self,
        address: str = "ada@example.com",
        login: str = "ada",
        password: str = "secret",
        *,
        access: str = DELEGATE,
        patience: float = 0,
        scheme: str = BASIC,
        credentials: Any = None,
    ) -> Any:
        """An account; with patience, exchangelib waits when the server is busy."""
        config = Configuration(
            service_endpoint=self.site.url,
            credentials=credentials or Credentials(login, password),
            auth_type=scheme,
            version=Version(build=Build(15, 1, 2507, 6)),
            retry_policy=FaultTolerance(max_wait=patience) if patience else FailFast(),
            max_connections=2,
        )
        made = Account(address, config=config, autodiscover=False, access_type=access, default_timezone=BERLIN)
        self.accounts.append(made)
        return made

    def post(self, body: str, version: str = "Exchange2016") -> requests.Response:
        """A request as another client may write it."""
        names = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in NAMES.items())
        header = f'<s:Header><t:RequestServerVersion Version="{version}"/></s:Header>'
        whole = f"<s:Envelope {names}>{header}<s:Body>{body}</s:Body></s:Envelope>"
        return requests.post(self.site.url, data=whole.encode(), auth=("ada", "secret"), timeout=10)


@contextmanager
def trusting(authority: Path) -> Iterator[None]:
    """exchangelib believes in this certificate authority; its adapter is one for the whole process."""

    class OwnAuthority(HTTPAdapter):
        def get_connection_with_tls_context(
            self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
        ) -> Any:
            return super().get_connection_with_tls_context(request, str(authority), proxies, cert)

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            super().cert_verify(conn, url, str(authority), cert)  # type: ignore[no-untyped-call]

    before = BaseProtocol.HTTP_ADAPTER_CLS
    BaseProtocol.HTTP_ADAPTER_CLS = OwnAuthority
    try:
        yield
    finally:
        BaseProtocol.HTTP_ADAPTER_CLS = before


@contextmanager
def desk(certificate: Path | None = None) -> Iterator[Desk]:
    """A server of its own for a test; its answers are held against the schemas at the end, if these are there (E20)."""
    with exchange_server(certificate=certificate) as site:
        made = Desk(site)
        try:
            yield made
        finally:
            for account in made.accounts:
                account.protocol.close()
        faults = schema_faults(site)
        assert not faults, faults[0]


def schema_faults(site: Site) -> list[str]:
    """What the schemas of Exchange do not like in the answers."""
    if not SCHEMAS.exists():
        return []
    faults = []
    for document in dict.fromkeys(site.documents):
        body = etree.fromstring(document).find(f"{{{SOAP}}}Body")
        assert body is not None
        if etree.QName(body[0]).namespace == MESSAGES:
            alone = etree.fromstring(etree.tostring(_declared(body[0]), with_tail=False))
            if not _schema().validate(alone):
                faults.append(f"{_schema().error_log}\n{document.decode()}")
    return faults


def _declared(answer: etree._Element) -> etree._Element:
    """The schemas declare this one answer without the array that servers put around it (and clients look for)."""
    if etree.QName(answer).localname != "GetUserConfigurationResponse":
        return answer
    message = answer[0][0]
    message.tag = answer.tag
    return message


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMAS)))
