"""Streaming notifications (CONNECTORS.md E16): hints of changes on a connection of its own, one for each account.

All folders are in one subscription, as a server allows few connections (3 on premises, 10 online). The connection is
taken from no pool that others use: with one session, whoever asks while it is open would wait for ever. What happens
while no connection stands may be lost, so the first hint of each connection is about all collections.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from exchangelib import errors as ews
from exchangelib.properties import FolderId
from exchangelib.services import GetStreamingEvents, SubscribeToStreaming, Unsubscribe
from exchangelib.util import MNS, TNS
from lxml import etree
from requests import RequestException
from urllib3.exceptions import HTTPError

from connectors.push import Hint
from sync_engine.errors import AccountError, CollectionGone, NotAuthorised, Throttled, Unavailable

LONGEST = 29  # minutes of a connection; servers allow 30
SILENCE = 180.0  # seconds without a heartbeat (one comes every 45) after which a connection is taken for dead
NO_ROOM = 600.0  # seconds until a server that has no connection to spare is asked again
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
_NOT_ALLOWED = (ews.UnauthorizedError, ews.ErrorAccessDenied, ews.ErrorSubscriptionAccessDenied)
_BROKEN = (RequestException, HTTPError, OSError, ews.EWSError, AttributeError)  # exchangelib trips over cut-off answers

Folders = Mapping[str, FolderId]
"""The folder of each collection, by the collection's id."""


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


class EwsStream:
    """The connection of one mailbox; `hints` may be called again after it ended."""

    def __init__(
        self, connect: Callable[[], Any], folders: Folders, timeout: float = 30.0, silence: float = SILENCE
    ) -> None:
        """`connect` gives an exchangelib account whose protocol nobody else uses."""
        self._connect = connect
        self._folders = folders
        self._collections = {str(folder.id): name for name, folder in folders.items()}
        self._timeout = timeout
        self._patience = (min(timeout, 10.0), silence)
        self._account: Any = None
        self._subscription = ""
        self._events: _Events | None = None
        self._closed = threading.Event()

    def hints(self) -> Iterator[Hint]:
        """As `connectors.push.Stream`."""
        try:
            yield from self._listen()
        except _SUBSCRIBE_AGAIN:
            self._subscription = ""
        except _BROKEN as err:
            if not self._closed.is_set():
                self._forget()
                raise _named(err) from err
        finally:
            if self._closed.is_set():
                self._leave()

    def close(self) -> None:
        """As `connectors.push.Stream`."""
        self._closed.set()
        if self._events is not None:
            self._events.cut()

    def _listen(self) -> Iterator[Hint]:
        if self._account is None:
            self._account = self._connect()
        if not self._subscription and not self._closed.is_set():
            service = SubscribeToStreaming(account=self._account, timeout=self._timeout)
            self._subscription = service.get(folders=list(self._folders.values()), event_types=EVENTS)
        if self._closed.is_set():
            return
        self._events = _Events(self._account, self._patience)
        everything: Hint | None = frozenset(self._folders)
        for notification in self._events.call(subscription_ids=[self._subscription], connection_timeout=LONGEST):
            yield everything or self._about(notification.events)
            everything = None
            if self._closed.is_set():
                return

    def _about(self, events: Sequence[Any]) -> Hint:
        ids = {folder.id for event in events for folder in _places(event)}
        return frozenset(self._collections[key] for key in ids if key in self._collections)

    def _leave(self) -> None:
        """Tell the server that we go, if it listens: it allows a mailbox only so many subscriptions."""
        if self._account is not None and self._subscription:
            with suppress(*_BROKEN):
                list(Unsubscribe(account=self._account, timeout=FAREWELL).call(subscription_id=self._subscription))
        self._subscription = ""
        self._forget()

    def _forget(self) -> None:
        """The connections; the subscription is still good, if the server thinks so too."""
        account, self._account, self._events = self._account, None, None
        if account is not None:
            account.protocol.close()


def _heartbeat() -> Any:
    made = etree.Element(f"{{{MNS}}}Notification")
    etree.SubElement(made, f"{{{TNS}}}StatusEvent")
    return made


def _places(event: Any) -> list[Any]:
    """The folders that an event is about; a heartbeat is about none."""
    found = (getattr(event, name, None) for name in ("parent_folder_id", "old_parent_folder_id"))
    return [folder for folder in found if folder is not None]


def _named(err: Exception) -> AccountError:
    said = str(err)[:300]
    if isinstance(err, _NO_ROOM):
        sentence = "The server has no connection for notifications to spare; it is asked again later."
        return Throttled(sentence, retry_after=NO_ROOM, server_said=said)
    if isinstance(err, ews.ErrorServerBusy):
        return Throttled("The server is busy.", retry_after=float(err.back_off or 60), server_said=said)
    if isinstance(err, _NOT_ALLOWED):
        return NotAuthorised("The server refuses the sign-in, or notifications of a folder.", server_said=said)
    if isinstance(err, (ews.ErrorFolderNotFound, ews.ErrorItemNotFound)):
        return CollectionGone("A folder that is bound does not exist any more.", server_said=said)
    return Unavailable(f"The connection for notifications broke ({said}).", server_said=said)
