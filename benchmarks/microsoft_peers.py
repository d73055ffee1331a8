"""What the client libraries need to read all items of a mailbox once, as a program without a change feed does."""

from __future__ import annotations

from typing import Any

from exchangelib import BASIC, DELEGATE, Account, Build, Configuration, Credentials, EWSTimeZone, Version
from O365 import Account as GraphAccount
from O365 import MSGraphProtocol
from O365.utils.token import MemoryTokenBackend

from benchmarks.microsoft_servers import OUTLOOK, PASSWORD

_PAGE = 200  # items of a request; more than either library asks for by itself


def read_by_o365(told: dict[str, Any], count: int) -> None:
    """All contacts and events."""
    root = told["graph"].removesuffix("v1.0")
    protocol = type("Loopback", (MSGraphProtocol,), {"_protocol_url": root})
    token = {"access_token": told["token"], "expires_in": 3600, "token_type": "Bearer"}
    backend = MemoryTokenBackend()
    login = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    where = {"client_id": "c", "scope": ["Contacts.ReadWrite"], "token_endpoint": login, "params": {}, "data": {}}
    backend.add({**where, "response": token})
    account = GraphAccount(
        ("c", "secret"), protocol=protocol(timezone="UTC"), token_backend=backend, timeout=60, requests_delay=0
    )
    contacts = list(account.address_book().get_contacts(limit=None, batch=_PAGE))
    events = list(
        account.schedule().get_default_calendar().get_events(limit=None, batch=_PAGE, include_recurring=False)
    )
    assert len(contacts) + len(events) == count, (len(contacts), len(events))


def read_by_exchangelib(told: dict[str, Any], count: int) -> None:
    """All contacts and events."""
    config = Configuration(
        service_endpoint=told["ews"],
        credentials=Credentials(OUTLOOK, PASSWORD),
        auth_type=BASIC,
        version=Version(build=Build(15, 1, 2507, 6)),
        max_connections=1,
    )
    zone = EWSTimeZone("UTC")
    account = Account(OUTLOOK, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=zone)
    folders = (account.contacts, account.calendar)
    found = sum(len(list(folder.all())) for folder in folders)
    account.protocol.close()
    assert found == count, found
