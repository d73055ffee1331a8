"""Calendar's notification channels (CONNECTORS.md C14): Google calls an address of ours when a calendar changes.

https://developers.google.com/workspace/calendar/api/guides/push. A call has no body: all is in its headers. A channel
cannot be given a later end, and Google tells no list of them: a channel is stopped by its id, which we choose, and the
id that Google gives to what is watched. Both are in the id of a subscription.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from connectors.google_workspace.failures import Gone
from connectors.google_workspace.places import CALENDARS, place_of
from connectors.google_workspace.transport import Transport
from connectors.push import Event, Hook, Notice, Subscription
from connectors.settings import ConnectorSettings
from sync_engine.errors import OutcomeUnknown, Rejected

_BETWEEN = " "  # in the id of a subscription: the channel's id and the resource's
_CHANNEL, _TOKEN, _STATE = "x-goog-channel-id", "x-goog-channel-token", "x-goog-resource-state"
_BEGUN = "sync"  # the first call of each channel


class CalendarChannels:
    """Those of one account. Used by one thread at a time, but for `challenge` and `read`."""

    extends = False

    def __init__(self, settings: ConnectorSettings) -> None:
        self._transport = Transport(settings)

    def subscribe(self, collection: str, hook: Hook, until: datetime) -> Subscription:
        """As `connectors.push.Webhooks`: a channel of the hook's name."""
        place = place_of(collection)
        if place.sort != CALENDARS:
            raise Rejected("Google tells of changes in calendars only.")
        channel = {
            "id": hook.name,
            "type": "web_hook",
            "address": hook.address,
            "token": hook.secret,
            "expiration": str(int(until.timestamp() * 1000)),
        }
        watching = self._transport.calendar.events().watch(calendarId=place.id, body=channel)
        try:
            made = self._transport.ask(watching, writing=True)
        except Rejected as err:  # there are calendars without: holidays, birthdays
            message = "Google tells nothing of changes in this calendar."
            raise Rejected(message, server_said=err.server_said) from err
        return _subscription(made, hook, until)

    def renew(self, subscription: str, until: datetime) -> datetime | None:  # noqa: ARG002
        """As `connectors.push.Webhooks`: never."""
        return None

    def unsubscribe(self, subscription: str) -> None:
        """As `connectors.push.Webhooks`."""
        channel, _, resource = subscription.partition(_BETWEEN)
        stopping = self._transport.calendar.channels().stop(body={"id": channel, "resourceId": resource})
        with suppress(Gone):
            self._transport.ask(stopping, writing=True)

    def subscriptions(self) -> Sequence[Subscription]:
        """As `connectors.push.Webhooks`: Google tells none."""
        return ()

    def named(self, name: str, like: str) -> str:
        """As `connectors.push.Webhooks`: what is watched has the same id for all channels."""
        return f"{name}{_BETWEEN}{like.partition(_BETWEEN)[2]}"

    def challenge(self, query: Mapping[str, str]) -> str | None:  # noqa: ARG002
        """As `connectors.push.Webhooks`: Google does not ask."""
        return None

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[Notice]:  # noqa: ARG002
        """As `connectors.push.Webhooks`. A state that is not known yet is a hint as well."""
        if not headers.get(_CHANNEL) or not headers.get(_STATE):
            raise ValueError("A call of Google says which channel it is of, and why.")
        event = Event.BEGUN if headers[_STATE] == _BEGUN else Event.CHANGED
        return [Notice(headers[_CHANNEL], headers.get(_TOKEN, ""), event)]

    def close(self) -> None:
        """As `connectors.push.Webhooks`."""
        self._transport.close()


def _subscription(channel: Mapping[str, Any], hook: Hook, until: datetime) -> Subscription:
    """The end that Google gave it is what counts; without one, what we asked for."""
    try:
        told = channel.get("expiration")
        expires = until if told is None else datetime.fromtimestamp(int(told) / 1000, UTC)
        return Subscription(f"{channel['id']}{_BETWEEN}{channel['resourceId']}", expires, hook.address)
    except (KeyError, ValueError, OverflowError, OSError) as err:
        raise OutcomeUnknown("Google answered with a channel that cannot be read.") from err
