"""Subscribe, Unsubscribe and GetStreamingEvents: hints of changes, on a connection that stays open (E16)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from tests.servers.microsoft.ews_call import Call, Subscription
from tests.servers.microsoft.ews_folders import folder_id
from tests.servers.microsoft.ews_xml import (
    Element,
    Fault,
    Refused,
    envelope,
    every,
    failure,
    find,
    instant,
    m,
    response,
    success,
    t,
    text,
)
from tests.servers.microsoft.mailbox import Change

LONGEST = 30  # minutes
_EVENTS = {"create": "CreatedEvent", "update": "ModifiedEvent", "delete": "DeletedEvent"}


def subscribe(call: Call, request: Element) -> Element:
    """To streaming notifications; the other kinds are not here."""
    wish = find(request, "m:StreamingSubscriptionRequest")
    if wish is None:
        raise Fault("ErrorInvalidOperation", "Only streaming subscriptions are offered here.")
    try:
        made = _subscription(call, find(wish, "t:FolderIds"))
    except Refused as why:
        return response("Subscribe", [failure("Subscribe", why)])
    call.site.subscriptions[made.id] = made
    return response("Subscribe", [success("Subscribe", m("SubscriptionId", made.id))])


def _subscription(call: Call, keys: Element | None) -> Subscription:
    found = [(call.mailbox, one) for one in call.mailbox.collections.values()]
    found = found if keys is None else [call.folder(key) for key in keys]
    boxes, folders = {box.address: box for box, _folder in found}, [folder.id for _box, folder in found]
    if len(boxes) > 1:
        raise Refused("ErrorInvalidSubscriptionRequest", "The folders of a subscription are in one mailbox.")
    (box,) = boxes.values()
    return Subscription(f"SUB{call.site.exchange.number():06d}", box, folders, box.seq)


def unsubscribe(call: Call, request: Element) -> Element:
    """Once."""
    if call.site.subscriptions.pop(text(request, "m:SubscriptionId"), None) is None:
        unknown = Refused("ErrorSubscriptionNotFound", "The subscription was not found.")
        return response("Unsubscribe", [failure("Unsubscribe", unknown)])
    return response("Unsubscribe", [success("Unsubscribe")])


async def streaming_events(call: Call, request: Element) -> AsyncIterator[bytes]:
    """One envelope after the other, until the time asked for is over or the client goes."""
    site, keys = call.site, [key.text or "" for key in every(request, "m:SubscriptionIds/t:SubscriptionId")]
    minutes = int(text(request, "m:ConnectionTimeout"))
    refusal = _refusal(call, keys, minutes)
    if refusal is not None:
        yield _document(call, refusal)
        return
    until = time.monotonic() + 60 * minutes
    site.streams += 1
    try:
        yield _document(call, success("GetStreamingEvents", m("ConnectionStatus", "OK")))
        told = time.monotonic()
        while time.monotonic() < until and not site.mood.close_streams:
            if site.mood.cut_streams:
                raise ConnectionResetError
            if site.mood.miss_events:
                yield _document(call, failure("GetStreamingEvents", Refused("ErrorMissedNotificationEvents")))
                return
            news = [part for key in keys for part in _news(site.subscriptions.get(key))]
            if not news and time.monotonic() - told >= site.mood.heartbeat:
                news = [t("Notification", t("SubscriptionId", keys[0]), t("StatusEvent"))]
            if news:
                told = time.monotonic()
                yield _document(call, success("GetStreamingEvents", m("Notifications", *news)))
            await asyncio.sleep(0.02)
        yield _document(call, success("GetStreamingEvents", m("ConnectionStatus", "Closed")))
    finally:
        site.streams -= 1


def _refusal(call: Call, keys: list[str], minutes: int) -> Element | None:
    unknown = [key for key in keys if key not in call.site.subscriptions]
    if not 0 < minutes <= LONGEST:
        return failure("GetStreamingEvents", Refused("ErrorInvalidRequest", "ConnectionTimeout is 1 to 30 minutes."))
    if unknown:
        ids = m("ErrorSubscriptionIds", *[t("SubscriptionId", key) for key in unknown])
        why = Refused("ErrorSubscriptionNotFound", "The subscription was not found.", [ids])
        return failure("GetStreamingEvents", why)
    if call.site.streams >= call.site.mood.max_streams:
        why = Refused("ErrorExceededConnectionCount", "You have exceeded the available concurrent connections.")
        return failure("GetStreamingEvents", why)
    return None


def _news(subscription: Subscription | None) -> list[Element]:
    if subscription is None:
        return []
    box, events = subscription.mailbox, []
    for folder in subscription.folders:
        fresh = box.changes(folder, subscription.seen) if folder in box.collections else []
        events += [(change.seq, _event(subscription, folder, change)) for change in fresh]
    if not events:
        return []
    subscription.seen = max(seq for seq, _event in events)
    return [
        t("Notification", t("SubscriptionId", subscription.id), *[event for _seq, event in sorted(events, key=_first)])
    ]


def _first(pair: tuple[int, Element]) -> int:
    return pair[0]


def _event(subscription: Subscription, folder: str, change: Change) -> Element:
    box = subscription.mailbox
    item = box.items.get(change.item) or box.deleted[change.item]
    key = t("ItemId", Id=item.folder_id, ChangeKey=item.change_key)
    where = folder_id(box.collections[folder])
    where.tag = where.tag.replace("FolderId", "ParentFolderId")
    return t(_EVENTS[change.verb], t("TimeStamp", instant(change.at)), key, where)


def _document(call: Call, message: Element) -> bytes:
    made = envelope(response("GetStreamingEvents", [message]))
    call.site.documents.append(made)
    return made
