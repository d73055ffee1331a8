"""Streaming notifications (CONNECTORS.md E16): hints of changes on a connection of its own, one for each account.

All folders of a mailbox are in one subscription, and all subscriptions on one connection, as a server allows few of
them (3 on premises, 10 online). The connection is taken from no pool that others use: with one session, whoever asks
while it is open would wait for ever. What happens while no connection stands may be lost, so the first hint of each
connection is about all collections.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from exchangelib import errors as ews
from exchangelib.services import GetStreamingEvents, SubscribeToStreaming, Unsubscribe
from exchangelib.util import MNS, TNS
from lxml import etree
from requests import RequestException
from urllib3.exceptions import HTTPError

from connectors.exchange.places import Place, place_of
from connectors.exchange.transport import Transport
from connectors.push import Hint
from connectors.settings import ConnectorSettings
from sync_engine.errors import AccountError, CollectionGone, ItemError, NotAuthorised, Throttled, Unavailable

LONGEST = 29  # minutes of a connection; servers allow 30
SILENCE = 180.0  # seconds without a heartbeat (one comes every 45) after which a connection is taken for dead
NO_ROOM = 600.0  # seconds until a server that has no connection to spare is asked again
MOST_MAILBOXES = 20  # whose folders are listened to; servers allow 200 subscriptions on a connection
FAREWELL = 2.0  # seconds for the request that ends a subscription
EVENTS = ("CreatedEvent", "ModifiedEvent", "DeletedEvent", "MovedEvent", "CopiedEvent")

_SUBSCRIBE_AGAIN = (
    ews.ErrorSubscriptionNotFound,
    ews.ErrorInvalidSubscription,
    ews.ErrorExpiredSubscription,
    ews.ErrorMissedNotificationEvents,
    ews.ErrorReadEventsFailed,
    ews.ErrorInvalidWatermark,
)
_NO_ROOM = (ews.ErrorExceededConnectionCount, ews.ErrorExceededSubscriptionCount)
_BROKEN = (RequestException, HTTPError, OSError, ews.EWSError, AttributeError)  # exchangelib trips over cut-off answers


class _Again(AccountError):
    """The subscription is worth nothing any more, or something was missed: subscribe anew."""


class _NoRoom(AccountError):
    """No connection to spare: says nothing about other requests, so it is no Throttled to the transport."""


class _Events(GetStreamingEvents):  # type: ignore[misc]
    """Says when the connection stands, and notices a dead one by its silence."""

    def __init__(self, account: Any, patience: tuple[float, float]) -> None:
        self._patience = patience
        self._stands = False
        super().__init__(account=account)

    @property
    def timeout(self) -> tuple[float, float]:
        """Seconds to connect, and to be silent; the library would wait for the whole length of the connection."""
        return self._patience

    @timeout.setter
    def timeout(self, _value: object) -> None:
        """What the library sets is not used."""

    def _get_element_container(self, message: Any, name: str | None = None) -> Any:
        """The first word of the server is told like a heartbeat; the library keeps it to itself."""
        found = super()._get_element_container(message=message, name=name)
        if self.connection_status == self.OK and not self._stands:
            self._stands = True
            return [*found, _heartbeat()]
        return found

    def cut(self) -> None:
        """From another thread: whoever waits for the server reads the end of the connection at once."""
        response = self._streaming_response
        if response is not None:
            with suppress(OSError, ValueError, RuntimeError):  # it was over anyway
                response.raw.shutdown()


class EwsStreams:
    """Those of one account: as `connectors.push.Streaming`."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = replace(settings, pool_size=1)

    def stream(self, collections: Sequence[str]) -> EwsStream:
        """As `connectors.push.Streaming`. Raises CollectionGone for an id that is none of ours."""
        return EwsStream(self._settings, collections)


class EwsStream:
    """As `connectors.push.Stream`; `hints` may be called again after it ended."""

    def __init__(self, settings: ConnectorSettings, collections: Sequence[str], silence: float = SILENCE) -> None:
        self.unheard: frozenset[str] = frozenset()
        self._settings = settings
        self._places = {name: place_of(name) for name in collections}
        self._collections = {place.folder_id: name for name, place in self._places.items()}
        self._patience = (min(settings.timeout, 10.0), silence)
        self._transport: Transport | None = None
        self._subscriptions: dict[str, str] = {}  # by the owner of the mailbox
        self._events: _Events | None = None
        self._closed = threading.Event()

    def hints(self) -> Iterator[Hint]:
        """As `connectors.push.Stream`."""
        try:
            yield from self._listen()
        except (_Again, *_SUBSCRIBE_AGAIN):
            self._subscriptions.clear()
        except (AccountError, *_BROKEN) as err:
            if not self._closed.is_set():
                self._forget()
                raise _named(err) from err
        finally:
            if self._events is not None:
                self._events.stop_streaming()
            if self._closed.is_set():
                self._leave()

    def close(self) -> None:
        """As `connectors.push.Stream`."""
        self._closed.set()
        if self._events is not None:
            self._events.cut()

    def _listen(self) -> Iterator[Hint]:
        transport = self._transport = self._transport or Transport(self._settings)
        self._subscribe(transport)
        if self._closed.is_set() or not self._subscriptions:
            return
        notifications = transport.read(partial(self._connected, transport))
        yield frozenset(self._places)
        for notification in notifications:
            if self._closed.is_set():
                return
            yield self._about(notification.events)

    def _connected(self, transport: Transport) -> Iterator[Any]:
        """A connection on which the server has said its first word."""
        self._events = _Events(transport.account(), self._patience)
        ids = list(self._subscriptions.values())
        notifications: Iterator[Any] = self._events.call(subscription_ids=ids, connection_timeout=LONGEST)
        with _told():
            next(notifications, None)
        return notifications

    def _subscribe(self, transport: Transport) -> None:
        owners: dict[str, list[Place]] = {}
        for place in self._places.values():
            if not place.public:  # in no mailbox: a subscription with one of them is refused as a whole
                owners.setdefault(place.owner, []).append(place)
        unheard = {place.collection for place in self._places.values() if place.public}
        for number, (owner, places) in enumerate(sorted(owners.items())):  # the account's own mailbox comes first
            if owner in self._subscriptions or self._closed.is_set():
                continue
            if number >= MOST_MAILBOXES or not self._subscribed(transport, owner, places):
                unheard |= {place.collection for place in places}
        self.unheard = frozenset(unheard)

    def _subscribed(self, transport: Transport, owner: str, places: Sequence[Place]) -> bool:
        """Of another mailbox, the server may not tell; then it is polled."""
        try:
            self._subscriptions[owner] = transport.read(partial(_subscribe, transport.account(owner), places), owner)
        except (NotAuthorised, CollectionGone, ItemError):
            if not owner:
                raise
            return False
        return True

    def _about(self, events: Sequence[Any]) -> Hint:
        ids = {folder.id for event in events for folder in _folders(event)}
        return frozenset(self._collections[key] for key in ids if key in self._collections)

    def _leave(self) -> None:
        """Tell the server that we go, if it listens: it allows a mailbox only so many subscriptions."""
        if self._transport is not None:
            for owner, key in self._subscriptions.items():
                with suppress(AccountError, *_BROKEN):
                    service = Unsubscribe(account=self._transport.account(owner), timeout=FAREWELL)
                    list(service.call(subscription_id=key))
        self._subscriptions.clear()
        self._forget()

    def _forget(self) -> None:
        """The connections; a subscription is still good, if the server thinks so too."""
        transport, self._transport, self._events = self._transport, None, None
        if transport is not None:
            transport.close()


class _told:  # noqa: N801 - a context manager
    """What a server says of streams alone is told by errors of ours, which the transport lets through."""

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, _kind: object, err: BaseException | None, _trace: object) -> None:
        if isinstance(err, _SUBSCRIBE_AGAIN):
            raise _Again("Subscribe again.") from err
        if isinstance(err, _NO_ROOM):
            raise _NoRoom("No room.", server_said=str(err)) from err


def _subscribe(account: Any, places: Sequence[Place]) -> str:
    with _told():
        folders = [place.folder for place in places]
        return str(SubscribeToStreaming(account=account).get(folders=folders, event_types=EVENTS))


def _heartbeat() -> Any:
    made = etree.Element(f"{{{MNS}}}Notification")
    etree.SubElement(made, f"{{{TNS}}}StatusEvent")
    return made


def _folders(event: Any) -> list[Any]:
    """The folders that an event is about; a heartbeat is about none."""
    found = (getattr(event, name, None) for name in ("parent_folder_id", "old_parent_folder_id"))
    return [folder for folder in found if folder is not None]


def _named(err: Exception) -> AccountError:
    if isinstance(err, _NoRoom):
        sentence = "The server has no connection for notifications to spare; it is asked again later."
        return Throttled(sentence, retry_after=NO_ROOM, server_said=err.server_said)
    if isinstance(err, AccountError):
        return err
    said = " ".join(str(err).split())[:300]
    return Unavailable("The connection for notifications broke.", server_said=said)
