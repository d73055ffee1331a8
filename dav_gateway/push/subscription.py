"""The body of a push-register request (draft-bitfire-webdav-push 3.1, 7)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from connectors.outward_rules import NotAllowedOut, Rules
from dav_gateway.answers import Refused
from dav_gateway.elements import Element, children, text_of
from dav_gateway.push.names import DECLARED, push
from dav_gateway.ranges import http_time
from storage.dav_push import Keys

USUAL = timedelta(days=7)  # how long a registration holds when the client does not say
LONGEST = timedelta(days=30)
_ENCODING = "aes128gcm"  # RFC 8188, the only one
_AUTH_BYTES = 16
_POINT_BYTES = 65


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where messages go, and how they are encrypted."""

    endpoint: str
    keys: Keys


def is_register(root: Element | None) -> bool:
    """Whether a body asks for a registration."""
    return root is not None and root.tag == push("push-register")


def read_subscription(root: Element, rules: Rules) -> Subscription:
    """The subscription of a request. Raises `Refused` (403) with the failed precondition."""
    given = root.findall(push("subscription"))
    if len(given) != 1 or len(list(children(given[0]))) != 1:
        raise invalid("The request needs exactly one subscription.")
    found = given[0].find(push("web-push-subscription"))
    if found is None:
        raise invalid("Only subscriptions of Web Push are taken.")
    endpoint = text_of(found.find(push("push-resource")))
    _check_endpoint(endpoint, rules)
    encoding = text_of(found.find(push("content-encoding")))
    if encoding not in ("", _ENCODING):
        raise invalid(f"Messages are encrypted by {_ENCODING} only.")
    return Subscription(endpoint, _keys(found))


def check_trigger(root: Element) -> None:
    """Refuses (403) a request that asks for nothing that is told: only changes of contents are."""
    trigger = root.find(push("trigger"))
    if trigger is None or trigger.find(push("content-update")) is None:
        condition = f"<P:no-supported-trigger {DECLARED}/>"
        raise Refused(403, "Only changes of contents are told.", condition=condition)


def read_expiry(root: Element, now: datetime) -> datetime:
    """When the registration shall end: as asked, within bounds; what is no date or over already is passed over."""
    asked = http_time(text_of(root.find(push("expires"))))
    return min(asked, now + LONGEST) if asked and asked > now else now + USUAL


def invalid(sentence: str) -> Refused:
    """What was sent is no subscription to which messages could go."""
    return Refused(403, sentence, condition=f"<P:invalid-subscription {DECLARED}/>")


def _check_endpoint(endpoint: str, rules: Rules) -> None:
    try:
        target = rules.target(endpoint)
    except NotAllowedOut as err:
        raise invalid(str(err)) from err
    except ValueError as err:
        raise invalid("The push-resource is no https address.") from err
    if target.user or target.password:
        raise invalid("The push-resource must not carry a name or a password.")


def _keys(found: Element) -> Keys:
    public = found.find(push("subscription-public-key"))
    if public is None or public.get("type", "p256dh") != "p256dh":
        raise invalid("Messages are sent encrypted only: a subscription-public-key of type p256dh is needed.")
    point, secret = _octets(text_of(public)), _octets(text_of(found.find(push("auth-secret"))))
    if len(point) != _POINT_BYTES or len(secret) != _AUTH_BYTES:
        raise invalid("The keys of the subscription have a wrong length.")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as err:
        raise invalid("The subscription-public-key is no point of the curve.") from err
    return Keys(_base64(point), _base64(secret))


def _octets(written: str) -> bytes:
    """base64url, with or without "=" at the end; the other alphabet is taken too."""
    plain = written.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def digest(endpoint: str) -> str:
    """What an endpoint is called in the log: it is a secret itself, for whoever knows it may send there."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:8]
