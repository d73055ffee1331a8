"""Somebody who works with a Gmail mailbox through Google's library."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from connectors.google_workspace.mail import GmailMail
from connectors.settings import ConnectorSettings
from tests.servers.google_workspace.client import Desk
from tests.servers.google_workspace.gmail import Box

SUPPORT = "support@example.com"
Json = dict[str, Any]


@dataclass
class Mailbox:
    """One mailbox of one user. `box` is the same, seen from inside the server."""

    api: Any
    box: Box

    @property
    def labels(self) -> Any:
        """The library's resource."""
        return self.api.users().labels()

    @property
    def messages(self) -> Any:
        """The library's resource."""
        return self.api.users().messages()

    def insert(self, raw: bytes, *labels: str, **more: Any) -> Json:
        """As it lies there: id, threadId, labelIds."""
        return dict(self.messages.insert(userId="me", body=_body(raw, labels), **more).execute(num_retries=0))

    def take_in(self, raw: bytes, *labels: str, **more: Any) -> Json:
        """Import it."""
        return dict(self.messages.import_(userId="me", body=_body(raw, labels), **more).execute(num_retries=0))

    def get(self, name: str, form: str = "minimal") -> Json:
        """As it is."""
        return dict(self.messages.get(userId="me", id=name, format=form).execute(num_retries=0))

    def raw(self, name: str) -> bytes:
        """Its octets."""
        text = str(self.get(name, "raw")["raw"])
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def date(self, name: str) -> int:
        """Gmail's internal date, in milliseconds."""
        return int(self.get(name)["internalDate"])

    def ids(self, **filters: Any) -> list[str]:
        """The newest first."""
        page = self.messages.list(userId="me", **filters).execute(num_retries=0)
        return [str(one["id"]) for one in page.get("messages", [])]

    def place(self) -> str:
        """In the history, now."""
        return str(self.api.users().getProfile(userId="me").execute(num_retries=0)["historyId"])

    def since(self, place: str) -> list[Json]:
        """Records of the history."""
        page = self.api.users().history().list(userId="me", startHistoryId=place).execute(num_retries=0)
        return list(page.get("history", []))


def mailbox_of(desk: Desk, address: str = SUPPORT) -> Mailbox:
    """With a token of its own."""
    return Mailbox(desk.api(address, "gmail.v1"), desk.google.gmail.box(address))


@contextmanager
def source_of(desk: Desk, address: str = SUPPORT) -> Iterator[GmailMail]:
    """Our own connector at the same mailbox."""
    secret = desk.google.give(address)
    made = GmailMail(ConnectorSettings(desk.google.url, secret=secret, auth="bearer", max_wait=0.0, timeout=2.0))
    try:
        yield made
    finally:
        made.close()


def _body(raw: bytes, labels: tuple[str, ...]) -> Json:
    return {"raw": base64.urlsafe_b64encode(raw).decode(), **({"labelIds": list(labels)} if labels else {})}
