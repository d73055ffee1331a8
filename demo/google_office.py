"""Google in the demo: our own server, and a person who works there in the browser, through plain HTTP."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from demo.offices import SPAN, WAIT, Joining, Look, is_of
from tests.servers.google_workspace.server import Google

GOOGLE = "gmail@example.net"
_EVENTS = f"calendar/v3/calendars/{GOOGLE}/events"
_FIELDS = "names,memberships,photos,metadata"


@dataclass
class GoogleOffice:
    """Contacts, Calendar and Tasks."""

    google: Google
    token: str
    could_mail: list[str]  # what could have mailed somebody, at any server of the demo
    name: str = "Google"
    account_name: str = "Google"
    session: requests.Session = field(default_factory=requests.Session)

    def joining(self) -> Joining:
        """See `Office`."""
        words = ("--connector", "google_workspace", "--url", self.google.url, "--auth", "bearer")
        lists = self._ask("GET", "tasks/v1/users/@me/lists")["items"]
        return Joining(words, self.token, {"contact": "contacts", "event": GOOGLE, "task": lists[0]["title"]})

    def titles(self, kind: str) -> Counter[str]:
        """See `Office`."""
        return Counter(self._title(kind, item) for item in self._items(kind))

    def rename(self, kind: str, title: str, new: str) -> None:
        """See `Office`."""
        item = self._found(kind, title)
        if kind == "contact":
            body = {"etag": item["etag"], "metadata": item["metadata"], "names": [{"unstructuredName": new}]}
            path = f"v1/{item['resourceName']}:updateContact?updatePersonFields=names"
        else:
            body = {"summary" if kind == "event" else "title": new}
            path = self._path(kind, item) + ("?sendUpdates=none" if kind == "event" else "")
        self._ask("PATCH", path, body)

    def delete(self, kind: str, title: str) -> None:
        """See `Office`."""
        item = self._found(kind, title)
        if kind == "contact":
            self._ask("DELETE", f"v1/{item['resourceName']}:deleteContact")
        else:
            self._ask("DELETE", self._path(kind, item) + ("?sendUpdates=none" if kind == "event" else ""))

    def look(self, person: str, series: str) -> Look:
        """See `Office`."""
        contact = self._found("contact", person)
        names = {one["resourceName"]: one["name"] for one in self._ask("GET", "v1/contactGroups")["contactGroups"]}
        groups = [one["contactGroupMembership"]["contactGroupResourceName"] for one in contact["memberships"]]
        first, last = (at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in SPAN)
        window = f"?singleEvents=true&timeMin={first}&timeMax={last}&maxResults=2500"
        view = [one for one in self._ask("GET", _EVENTS + window)["items"] if is_of(series, one["summary"])]
        return Look(
            frozenset(datetime.fromisoformat(one["start"]["dateTime"]).astimezone(UTC) for one in view),
            any(not photo.get("default") for photo in contact.get("photos", ())),
            frozenset(names[group] for group in groups if group != "contactGroups/myContacts"),
        )

    def versions(self) -> dict[str, str]:
        """See `Office`."""
        return {
            str(item.get("resourceName") or item["id"]): item["etag"]
            for kind in ("contact", "event", "task")
            for item in self._items(kind)
        }

    def mails(self) -> int:
        """See `Office`."""
        return len(self.could_mail)

    # ------------------------------------------------------------ the services

    def _items(self, kind: str) -> list[dict[str, Any]]:
        if kind == "contact":
            return self._pages(f"v1/people/me/connections?pageSize=1000&personFields={_FIELDS}", "connections")
        if kind == "event":
            found = self._pages(f"{_EVENTS}?maxResults=2500", "items")
            return [one for one in found if "recurringEventId" not in one]
        lists = self._ask("GET", "tasks/v1/users/@me/lists")["items"]
        paths = [f"tasks/v1/lists/{one['id']}/tasks?maxResults=100&showHidden=true" for one in lists]
        return [one | {"list": path} for path in paths for one in self._pages(path, "items")]

    def _pages(self, path: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            page = self._ask("GET", path + (f"&pageToken={token}" if token else ""))
            found += page.get(name, ())
            token = page.get("nextPageToken", "")
            if not token:
                return found

    def _found(self, kind: str, title: str) -> dict[str, Any]:
        return next(item for item in self._items(kind) if self._title(kind, item) == title)

    @staticmethod
    def _path(kind: str, item: dict[str, Any]) -> str:
        if kind == "event":
            return f"{_EVENTS}/{item['id']}"
        return f"{item['list'].partition('?')[0]}/{item['id']}"

    @staticmethod
    def _title(kind: str, item: dict[str, Any]) -> str:
        if kind == "contact":
            return str(item.get("names", [{}])[0].get("displayName", ""))
        return str(item.get("summary" if kind == "event" else "title", ""))

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        head = {"Authorization": f"Bearer {self.token}"}
        answer = self.session.request(method, self.google.url + path, json=body, headers=head, timeout=WAIT)
        answer.raise_for_status()
        return answer.json() if answer.content else {}
