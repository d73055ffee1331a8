"""POST push-register on a collection, and what can be done with a registration's own address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import format_datetime
from types import MappingProxyType

from dav_gateway.answers import Answer, Refused, not_found
from dav_gateway.options import classes
from dav_gateway.paths import Area, Place
from dav_gateway.push.names import DECLARED
from dav_gateway.push.offer import Offer
from dav_gateway.push.subscription import check_trigger, is_register, read_expiry, read_subscription
from dav_gateway.site import Call
from storage import dav_push
from storage.unit_of_work import SqlUnitOfWork

MOST = 500  # registrations of one device
_MARK = b"push-register"
METHODS = "OPTIONS, DELETE"


def take(call: Call) -> Answer | None:
    """The answer to a push-register request; None for any other POST."""
    if _MARK not in call.body or call.query:
        return None
    root = call.xml()
    if root is None or not is_register(root):
        return None
    with call.read() as unit:
        call.shelf_at(unit)  # what is somebody else's is not there, whatever the body says
    offer = _offer(call)
    check_trigger(root)
    subscription = read_subscription(root, offer.rules)
    expires_at = read_expiry(root, call.now).replace(microsecond=0)

    def work(unit: SqlUnitOfWork) -> str | None:
        shelf = call.shelf(unit)
        if shelf.id <= 0:
            raise _not_available()
        keys, device = subscription.keys, call.who.device_id
        wish = dav_push.Wish(device, shelf.id, subscription.endpoint, keys, expires_at)
        return dav_push.register(unit.session.connection, offer.keys.key, wish, shelf.seq, call.now, MOST)

    name = call.write(work)
    if name is None:
        raise Refused(507, f"A device can have {MOST} registrations.")
    return Answer(204, b"", {"location": _url(call, offer, name), "expires": format_datetime(expires_at, usegmt=True)})


def _offer(call: Call) -> Offer:
    offer, place = call.site.push, call.place
    if offer is None or place.href or not place.slug or not offer.keys.public():
        raise _not_available()
    return offer


def _not_available() -> Refused:
    condition = f"<P:push-not-available {DECLARED}/>"
    return Refused(403, "Changes of this resource are not told.", condition=condition)


def _url(call: Call, offer: Offer, name: str) -> str:
    """The absolute address of a registration, with the origin that clients know."""
    path = call.address(Place(Area.PUSH, call.who.user, name)).removesuffix("/")
    return (offer.origin or f"http://{call.headers.get('host', 'localhost')}") + path


# ---------------------------------------------------------------- the registration's address


def _delete(call: Call) -> Answer:
    call.must_be_ours()
    user, name = call.who.user_id, call.place.slug
    if not name or call.place.href:
        raise not_found()
    if not call.write(lambda unit: dav_push.unregister(unit.session.connection, user, name, call.now)):
        raise not_found()
    return Answer(204)


def _options(call: Call) -> Answer:
    call.must_be_ours()
    return Answer(200, b"", {"dav": classes(call), "allow": METHODS})


HANDLERS: Mapping[str, Callable[[Call], Answer]] = MappingProxyType({"DELETE": _delete, "OPTIONS": _options})
