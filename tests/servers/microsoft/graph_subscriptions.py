"""Subscriptions: the address is asked first, then told; what ends is told of at another address (G24)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

import requests

from tests.servers.microsoft import moments
from tests.servers.microsoft.graph_protocol import Answer, GraphError, Json, Switches
from tests.servers.microsoft.mailbox import CALENDAR, CONTACTS, Collection, Exchange, Mailbox

PATIENCE = 10.0  # seconds that a webhook has
MOST = 1000  # active ones of a mailbox


@dataclass
class Subscription:
    """Who wants to know what."""

    id: str
    body: Json
    mailbox: Mailbox
    collection: Collection
    immutable: bool  # the kind of ids it was made with
    seen: int  # number of the last change that was told
    expires: datetime

    def told(self) -> Json:
        """As Graph shows it."""
        return {**self.body, "id": self.id, "expirationDateTime": moments.stamp(self.expires)}


@dataclass
class Subscriptions:
    """Those of a server. Nothing is pushed by itself: a test calls `push`."""

    server: Exchange
    switches: Switches
    all: dict[str, Subscription] = field(default_factory=dict)

    def create(self, body: Json, mailbox: Mailbox, immutable: bool) -> Answer:
        """Ask the address, then keep it."""
        if len(body.get("clientState") or "") > 128:
            raise GraphError(400, "InvalidRequest", "clientState has at most 128 characters.")
        if sum(one.mailbox is mailbox for one in self.all.values()) >= MOST:
            raise GraphError(403, "ExtensionError", "Too many subscriptions of this mailbox.")
        expires, where = self._expiry(body), _collection(body.get("resource", ""), mailbox)
        self._validate(body["notificationUrl"])
        if body.get("lifecycleNotificationUrl"):
            self._validate(body["lifecycleNotificationUrl"])
        name = f"subscription-{self.server.number()}"
        newest = mailbox.newest(where.id)
        self.all[name] = Subscription(name, body, mailbox, where, immutable, newest, expires)
        return Answer(201, self.all[name].told())

    def renew(self, name: str, body: Json) -> Answer:
        """A later end."""
        found = self._find(name)
        found.expires = self._expiry(body)
        return Answer(200, found.told())

    def get(self, name: str) -> Answer:
        """As it is."""
        return Answer(200, self._find(name).told())

    def listed(self, mailbox: Mailbox | None) -> Answer:
        """All of this app, or of this app and user."""
        mine = [one.told() for one in self.all.values() if mailbox is None or one.mailbox is mailbox]
        return Answer(200, {"value": mine})

    def remove(self, name: str) -> Answer:
        """No more."""
        del self.all[self._find(name).id]
        return Answer(204)

    def push(self) -> int:
        """Tell every live subscription what changed since it was told last; how many notifications went out."""
        sent = 0
        for one in [one for one in self.all.values() if one.expires > self.server.clock()]:
            for change in one.mailbox.changes(one.collection.id, one.seen):
                kind = {"create": "created", "update": "updated", "delete": "deleted"}[change.verb]
                one.seen = max(one.seen, change.seq)
                if kind in one.body["changeType"].split(","):
                    shown = change.item if one.immutable else change.folder_id
                    self._tell(one, "notificationUrl", {"changeType": kind, "resourceData": {"id": shown}})
                    sent += 1
        return sent

    def lifecycle(self, event: str) -> None:
        """reauthorizationRequired, subscriptionRemoved or missed, to everybody."""
        for one in list(self.all.values()):
            self._tell(one, "lifecycleNotificationUrl", {"lifecycleEvent": event})
            if event == "subscriptionRemoved":
                del self.all[one.id]

    def _tell(self, one: Subscription, where: str, more: Json) -> None:
        about = {"subscriptionId": one.id, "clientState": one.body.get("clientState"), "resource": one.body["resource"]}
        about["subscriptionExpirationDateTime"] = moments.stamp(one.expires)
        requests.post(one.body[where], json={"value": [about | more]}, timeout=PATIENCE)

    def _validate(self, address: str) -> None:
        token = f"Validation: {secrets.token_hex(8)} + ?"
        try:
            answer = requests.post(f"{address}?validationToken={quote(token)}", timeout=PATIENCE)
        except requests.RequestException as error:
            raise GraphError(400, "InvalidRequest", "Subscription validation request failed.") from error
        plain = answer.headers.get("Content-Type", "").startswith("text/plain")
        if answer.status_code != 200 or not plain or answer.text != token:
            raise GraphError(400, "InvalidRequest", "Subscription validation request failed: no token in plain text.")

    def _expiry(self, body: Json) -> datetime:
        expires = moments.parse(body["expirationDateTime"])
        if expires > self.server.clock() + self.switches.subscription_cap:
            raise GraphError(400, "ExtensionError", "Subscription expiration is too far in the future.")
        return expires

    def _find(self, name: str) -> Subscription:
        if name not in self.all:
            raise GraphError(404, "ResourceNotFound", "The object was not found.")
        return self.all[name]


def _collection(resource: str, mailbox: Mailbox) -> Collection:
    found = re.search(r"(?:contactFolders|calendars|mailFolders|lists)/([^/]+)", resource)
    kinds = {"contacts": CONTACTS, "events": CALENDAR}
    name = found[1] if found else kinds.get(resource.rpartition("/")[2], "")
    if not name:
        raise GraphError(400, "ExtensionError", f"Nothing to subscribe to: {resource}")
    return mailbox.collection(name)
