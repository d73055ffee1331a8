"""Exchange and Microsoft 365 in the demo: our own servers of these kinds, and a person who works there in Outlook.

The servers are those of the tests; what the person sees and edits goes through other clients than the product's.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests
from exchangelib import BASIC, DELEGATE, Account, Build, Configuration, Credentials, EWSTimeZone, Version

from tests.servers.microsoft.ews import add_person, exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.serving import serving

OUTLOOK, CLOUD = "outlook@example.net", "cloud@example.net"
_PASSWORD = "secret"
_WAIT = 30  # seconds


class Office(Protocol):
    """A mailbox, as the person sees it."""

    name: str

    def titles(self, kind: str) -> Counter[str]:
        """Of all items of a kind (the masters of series): how often each is there."""

    def rename(self, kind: str, title: str, new: str) -> None:
        """Give an item another title."""

    def delete(self, kind: str, title: str) -> None:
        """Delete an item."""

    def versions(self) -> dict[str, str]:
        """The change key of every item."""

    def mails(self) -> int:
        """How many mails went out to people."""


@dataclass
class ExchangeOffice:
    """On premises, through exchangelib."""

    site: Site
    name: str = "Exchange"
    _account: Any = field(default=None, init=False)

    @property
    def account(self) -> Any:
        """The person's."""
        if self._account is None:
            config = Configuration(
                service_endpoint=self.site.url,
                credentials=Credentials(OUTLOOK, _PASSWORD),
                auth_type=BASIC,
                version=Version(build=Build(15, 1, 2507, 6)),
                max_connections=1,
            )
            zone = EWSTimeZone("Europe/Zurich")
            self._account = Account(
                OUTLOOK, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=zone
            )
        return self._account

    def _items(self, kind: str) -> list[Any]:
        name = "display_name" if kind == "contact" else "subject"
        folder = {"contact": self.account.contacts, "event": self.account.calendar, "task": self.account.tasks}[kind]
        return list(folder.all().only(name, "changekey"))

    @staticmethod
    def _title(item: Any) -> str:
        return str(getattr(item, "display_name", None) or getattr(item, "subject", None) or "")

    def titles(self, kind: str) -> Counter[str]:
        """See `Office`."""
        return Counter(self._title(item) for item in self._items(kind))

    def rename(self, kind: str, title: str, new: str) -> None:
        """See `Office`."""
        item = self._found(kind, title)
        name = "display_name" if kind == "contact" else "subject"
        setattr(item, name, new)
        more = {"send_meeting_invitations": "SendToNone"} if kind == "event" else {}
        item.save(update_fields=[name], **more)

    def delete(self, kind: str, title: str) -> None:
        """See `Office`."""
        self._found(kind, title).move_to_trash()

    def _found(self, kind: str, title: str) -> Any:
        return next(item for item in self._items(kind) if self._title(item) == title)

    def versions(self) -> dict[str, str]:
        """See `Office`."""
        return {item.id: item.changekey for kind in ("contact", "event", "task") for item in self._items(kind)}

    def mails(self) -> int:
        """See `Office`."""
        return len(self.site.exchange.outbox)


@dataclass
class CloudOffice:
    """Microsoft 365, through plain HTTP."""

    graph: Graph
    token: str
    name: str = "Microsoft 365"
    session: requests.Session = field(default_factory=requests.Session)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        url = path if path.startswith("http") else f"{self.graph.url}/v1.0/me{path}"
        head = {"Authorization": f"Bearer {self.token}"}
        answer = self.session.request(method, url, json=body, headers=head, timeout=_WAIT)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def _items(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        found: list[tuple[str, dict[str, Any]]] = []
        for folder in self._folders(kind):
            path = f"{folder}?$top=200"
            while path:
                page = self._ask("GET", path)
                found += [(f"{folder}/{item['id']}", item) for item in page["value"]]
                path = page.get("@odata.nextLink", "")
        return found

    def _folders(self, kind: str) -> list[str]:
        if kind != "task":
            return ["/contacts" if kind == "contact" else "/events"]
        return [f"/todo/lists/{one['id']}/tasks" for one in self._ask("GET", "/todo/lists")["value"]]

    @staticmethod
    def _title(item: dict[str, Any]) -> str:
        return str(item.get("displayName") or item.get("subject") or item.get("title") or "")

    def titles(self, kind: str) -> Counter[str]:
        """See `Office`."""
        return Counter(self._title(item) for _path, item in self._items(kind))

    def rename(self, kind: str, title: str, new: str) -> None:
        """See `Office`."""
        name = {"contact": "displayName", "event": "subject", "task": "title"}[kind]
        self._ask("PATCH", self._found(kind, title), {name: new})

    def delete(self, kind: str, title: str) -> None:
        """See `Office`."""
        self._ask("DELETE", self._found(kind, title))

    def _found(self, kind: str, title: str) -> str:
        return next(path for path, item in self._items(kind) if self._title(item) == title)

    def versions(self) -> dict[str, str]:
        """See `Office`."""
        return {path: item["@odata.etag"] for kind in ("contact", "event", "task") for path, item in self._items(kind)}

    def mails(self) -> int:
        """See `Office`."""
        return len(self.graph.server.outbox)


def open_offices(stack: ExitStack) -> tuple[ExchangeOffice, CloudOffice]:
    """Start both servers on free ports, each with one mailbox; they end with the stack."""
    site = Site()
    add_person(site, OUTLOOK, _PASSWORD, OUTLOOK, "Outlook")
    stack.enter_context(exchange_server(site))
    exchange = Exchange()
    exchange.add_mailbox(CLOUD, "Cloud")
    graph = Graph(exchange)
    graph.url = stack.enter_context(serving(graph.app()))
    return ExchangeOffice(site), CloudOffice(graph, graph.sign_in.give(CLOUD))
