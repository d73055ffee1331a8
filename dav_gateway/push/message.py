"""A push message: its XML, encrypted for one client (RFC 8291), signed as ours (RFC 8292), handed to a push service."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from connectors.outward import Outward
from connectors.retry_after import seconds_of
from dav_gateway.elements import HEAD
from dav_gateway.push.names import PUSH
from dav_gateway.push.offer import topic_of
from dav_gateway.push.vapid import Vapid
from dav_gateway.tokens import token_of
from storage.dav_push import Behind, Keys
from sync_engine.errors import AccountError

KEPT = 86400  # seconds that a push service keeps a message for a phone that is off
_ANSWER = 64 * 1024  # octets of a push service's answer that are read


class Verdict(Enum):
    """What became of a message."""

    SENT = "sent"
    GONE = "gone"  # the subscription is over
    FAILED = "failed"  # to be tried again


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, why, and for how long the push service wants to be left alone (seconds)."""

    verdict: Verdict
    reason: str = ""
    wait: float | None = None


def written(behind: Behind) -> bytes:
    """The message: which collection has changed, and its sync token now (draft-bitfire-webdav-push 4.1)."""
    topic = topic_of(behind.collection_id, behind.epoch)
    update = f"<content-update><D:sync-token>{token_of(behind.epoch, behind.seq)}</D:sync-token></content-update>"
    return f'{HEAD}<push-message xmlns="{PUSH}" xmlns:D="DAV:"><topic>{topic}</topic>{update}</push-message>'.encode()


def encrypted(message: bytes, endpoint: str, keys: Keys) -> bytes:
    """The body of the request (RFC 8188 aes128gcm)."""
    from pywebpush import WebPusher  # late: it takes a quarter of a second, and most commands need none

    subscription = {"endpoint": endpoint, "keys": {"p256dh": keys.public, "auth": keys.auth}}
    return bytes(WebPusher(subscription).encode(message)["body"])


def send(outward: Outward, vapid: Vapid, behind: Behind, keys: Keys, subject: str, now: datetime) -> Outcome:
    """Hand a message to the push service."""
    try:
        target = outward.rules.target(behind.endpoint)
        headers = {
            "content-type": 'application/xml; charset="UTF-8"',
            "content-encoding": "aes128gcm",
            "ttl": str(KEPT),
            "topic": _replaces(behind.registration),
            "urgency": "normal",
            "authorization": vapid.authorization(target.origin, subject, now),
        }
        body = encrypted(written(behind), behind.endpoint, keys)
        answer = outward.ask("POST", behind.endpoint, headers=headers, body=body, max_body=_ANSWER)
    except (AccountError, ValueError) as err:
        return Outcome(Verdict.FAILED, str(err))
    if 200 <= answer.status < 300:
        return Outcome(Verdict.SENT)
    if answer.status in (404, 410):
        return Outcome(Verdict.GONE, f"{target.host} answered {answer.status}")
    wait = seconds_of(answer.headers.get("retry-after", ""))
    return Outcome(Verdict.FAILED, f"{target.host} answered {answer.status}", wait)


def _replaces(registration: str) -> str:
    """The Topic header (RFC 8030 5.4): a later message replaces one that waits. Each registration has its own.

    So a push service cannot tell from it who shares a collection.
    """
    return urlsafe_b64encode(hashlib.sha256(f"topic {registration}".encode()).digest()[:18]).decode("ascii")
