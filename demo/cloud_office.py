"""Microsoft 365 in the demo: our own Graph, and a person who works there through plain HTTP."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from demo.offices import SPAN, WAIT, Joining, Look, is_of
from tests.servers.microsoft.graph import Graph


@dataclass
class CloudOffice:
    """Microsoft 365, through plain HTTP."""

    graph: Graph
    token: str
    name: str = "Microsoft 365"
    account_name: str = "Cloud"
    session: requests.Session = field(default_factory=requests.Session)

    def joining(self) -> Joining:
        """See `Office`."""
        words = ("--connector", "microsoft365", "--url", f"{self.graph.url}/v1.0", "--auth", "bearer")
        return Joining(words, self.token, {"contact": "Contacts", "event": "Calendar", "task": "Tasks"})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        url = path if path.startswith("http") else f"{self.graph.url}/v1.0/me{path}"
        head = {"Authorization": f"Bearer {self.token}"}
        answer = self.session.request(method, url, json=body, headers=head, timeout=WAIT)
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

    def look(self, person: str, series: str) -> Look:
        """See `Office`."""
        path, contact = next(one for one in self._items("contact") if self._title(one[1]) == person)
        first, last = (at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in SPAN)
        view = self._ask("GET", f"/calendarView?startDateTime={first}&endDateTime={last}&$top=500")["value"]
        starts = [one["start"]["dateTime"] for one in view if is_of(series, one["subject"])]
        photo = self.session.get(
            f"{self.graph.url}/v1.0/me{path}/photo/$value",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=WAIT,
        )
        return Look(
            frozenset(datetime.fromisoformat(start[:19]).replace(tzinfo=UTC) for start in starts),
            photo.ok and bool(photo.content),
            frozenset(contact.get("categories") or ()),
        )
