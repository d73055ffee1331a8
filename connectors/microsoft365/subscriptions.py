"""Graph subscriptions (CONNECTORS.md G24): Graph calls an address of ours when a collection changes.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks and .../change-notifications-lifecycle-events
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from connectors.microsoft365.answers import Answer
from connectors.microsoft365.failures import account_failure, is_gone
from connectors.microsoft365.places import place_of
from connectors.microsoft365.transport import Transport
from connectors.push import Event, Hook, Notice, Subscription
from connectors.settings import ConnectorSettings
from sync_engine.errors import OutcomeUnknown, Rejected, SyncError, Unavailable

LONGEST_TOKEN = 2048  # characters of a validation token
_LIFECYCLE = {
    "missed": Event.MISSED,
    "reauthorizationRequired": Event.EXPIRING,
    "subscriptionRemoved": Event.REMOVED,
}


class GraphSubscriptions:
    """Those of one account. Used by one thread at a time, but for `challenge` and `read`."""

    extends = True

    def __init__(self, settings: ConnectorSettings) -> None:
        self._transport = Transport(settings)

    def subscribe(self, collection: str, hook: Hook, until: datetime) -> Subscription:
        """As `connectors.push.Webhooks`; calls and what happens to the subscription come to the same address."""
        place = place_of(collection)
        wish = {
            "changeType": "created,updated,deleted",
            "resource": unquote(self._transport.path(place.items, place.owner)).lstrip("/"),  # no part of an address
            "notificationUrl": hook.address,
            "lifecycleNotificationUrl": hook.address,
            "clientState": hook.secret,
            "expirationDateTime": _stamp(until),
        }
        answer = self._transport.ask("post", "/subscriptions", wish, owner=place.owner)
        if not answer.ok:
            raise _refusal(answer, "make a subscription")
        return _subscription(answer.document)

    def renew(self, subscription: str, until: datetime) -> datetime | None:
        """As `connectors.push.Webhooks`; it also answers reauthorizationRequired."""
        answer = self._transport.ask("patch", _one(subscription), {"expirationDateTime": _stamp(until)})
        if is_gone(answer):
            return None
        if not answer.ok:
            raise _refusal(answer, "renew a subscription")
        return _subscription(answer.document).expires

    def unsubscribe(self, subscription: str) -> None:
        """As `connectors.push.Webhooks`."""
        answer = self._transport.ask("delete", _one(subscription))
        if not (answer.ok or is_gone(answer)):
            raise _refusal(answer, "end a subscription")

    def subscriptions(self) -> Sequence[Subscription]:
        """As `connectors.push.Webhooks`."""
        return list(self._listed())

    def named(self, name: str, like: str) -> str:  # noqa: ARG002
        """As `connectors.push.Webhooks`: Graph names them itself, and lists them."""
        return ""

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """As `connectors.push.Webhooks`: the token that Graph wants to read again."""
        token = query.get("validationToken")
        return None if token is None else token[:LONGEST_TOKEN]

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[Notice]:  # noqa: ARG002
        """As `connectors.push.Webhooks`."""
        document = json.loads(body)
        entries = document.get("value") if isinstance(document, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("A call of Graph has a list of notifications.")
        return [_notice(entry) for entry in entries]

    def close(self) -> None:
        """As `connectors.push.Webhooks`."""
        self._transport.close()

    def _listed(self) -> Iterator[Subscription]:
        path = "/subscriptions"
        while path:
            answer = self._transport.ask("get", path)
            if not answer.ok:
                raise _refusal(answer, "list subscriptions")
            yield from (_subscription(entry) for entry in answer.document.get("value", []))
            link = answer.document.get("@odata.nextLink", "")
            path = self._transport.stored(link) if link else ""


def _one(subscription: str) -> str:
    return f"/subscriptions/{quote(subscription, safe='')}"


def _notice(entry: Mapping[str, Any]) -> Notice:
    told = entry.get("lifecycleEvent")
    event = Event.CHANGED if told is None else _LIFECYCLE.get(str(told), Event.MISSED)  # a new kind: better look
    return Notice(str(entry.get("subscriptionId") or ""), str(entry.get("clientState") or ""), event)


def _subscription(record: Mapping[str, Any]) -> Subscription:
    try:
        expires = datetime.fromisoformat(str(record["expirationDateTime"])[:19]).replace(tzinfo=UTC)  # always UTC
        return Subscription(str(record["id"]), expires, str(record.get("notificationUrl") or ""))
    except (KeyError, ValueError) as err:
        raise Unavailable("Microsoft 365 answered with a subscription that cannot be read.") from err


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def _refusal(answer: Answer, what: str) -> SyncError:
    if answer.status >= 500:
        return OutcomeUnknown(f"Microsoft 365 failed to {what} (HTTP {answer.status}).", server_said=answer.words)
    if (failure := account_failure(answer, what)) is not None:
        return failure
    message = f"Microsoft 365 refuses to {what}: {answer.words or answer.status}"
    return Rejected(message, server_said=answer.words)
