"""Sharing, delegates, subscriptions: the live properties that they add."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dav_gateway.elements import dav, href, text
from dav_gateway.privileges import HOME, privilege_set
from dav_gateway.privileges import READ as MAY_READ
from dav_gateway.privileges import WRITE as MAY_WRITE
from dav_gateway.sharing.people import address_of
from dav_gateway.sharing.proxies import of_principal
from dav_gateway.sharing.share import apples, can_be_shared
from dav_gateway.sharing.subscription import SOURCE, is_shown_as_feed
from dav_gateway.site import HOMES, Call
from storage.dav_sharing import READ, WRITE, Sharee, home_of, sharees_of
from storage.dav_store import Shelf

Values = dict[str, Callable[[], str | None]]
__all__ = ["of_folder", "of_principal", "of_shelf"]

_ACCESS = {READ: "read", WRITE: "read-write"}


def of_folder(call: Call) -> Values:
    """Of the root and the homes: another's, which was opened to a delegate, is that user's."""
    place = call.place
    if place.user in ("", call.who.user) or place.area not in HOMES:
        return {}
    return {
        dav("owner"): lambda: href(call.principal(place.user)),
        dav("current-user-privilege-set"): lambda: HOME if _may_change_home(call) else MAY_READ,
    }


def _may_change_home(call: Call) -> bool:
    with call.read() as unit:
        home = home_of(unit.session.connection, call.place.user, call.who.user_id)
    return home is not None and home.access == WRITE


def of_shelf(call: Call, shelf: Shelf) -> Values:
    """Of a collection."""
    values: Values = {
        dav("share-access"): lambda: f"<D:{_share_access(call, shelf)}/>",
        dav("invite"): lambda: "".join(_sharees(call, shelf)),
        apples("invite"): lambda: "".join(_invited(call, shelf)),
    }
    if can_be_shared(call, shelf):
        values[apples("allowed-sharing-modes")] = lambda: "<CS:can-be-shared/>"
    if kind := _kind(call, shelf):
        values[dav("resourcetype")] = lambda: kind
    if not shelf.role:
        values[dav("current-user-privilege-set")] = lambda: _privileges(call, shelf)
    if shelf.source and shelf.owner_id == call.who.user_id:
        values[SOURCE] = lambda: href(shelf.source)
    return values


def _privileges(call: Call, shelf: Shelf) -> str:
    """Name and colour are everybody's own affair; whose it is says with whom it is shared."""
    plain = MAY_WRITE if shelf.access == WRITE else MAY_READ + privilege_set("write-properties")
    return plain + (privilege_set("read-acl", "write-acl", "share") if can_be_shared(call, shelf) else "")


def _share_access(call: Call, shelf: Shelf) -> str:
    if shelf.owner_id is None:
        return "not-shared"
    if shelf.owner_id != call.who.user_id:
        return _ACCESS[shelf.access]
    return "shared-owner" if shelf.sharees else "not-shared"


def _kind(call: Call, shelf: Shelf) -> str:
    """The resource type of what is shared or subscribed; "" for all else."""
    marks = ""
    if shelf.owner_id is not None and not shelf.role:
        foreign = shelf.owner_id != call.who.user_id
        marks = "<CS:shared/>" if foreign else "<CS:shared-owner/>" if shelf.sharees else ""
    if is_shown_as_feed(call, shelf):
        return "<D:collection/><CS:subscribed/>"
    return f"<D:collection/>{'<A:addressbook/>' if shelf.holds_contacts else '<C:calendar/>'}{marks}" if marks else ""


# ---------------------------------------------------------------- with whom it is shared


def _known(call: Call, shelf: Shelf) -> list[Sharee]:
    """Those of whom this user may know: the owner all, a sharee himself."""
    if shelf.owner_id is None:
        return []
    with call.read() as unit:
        found = sharees_of(unit.session.connection, [shelf.id]).get(shelf.id, [])
    mine = shelf.owner_id == call.who.user_id
    return [one for one in found if mine or one.person.user_id == call.who.user_id]


def _invited(call: Call, shelf: Shelf) -> Iterable[str]:
    """CS:invite (caldav-sharing.txt 5.2.2)."""
    found = _known(call, shelf)
    if not found:
        return
    yield f"<CS:organizer>{href(call.principal(shelf.owner))}</CS:organizer>"
    for person, access in found:
        name = f"<CS:common-name>{text(person.shown)}</CS:common-name>"
        given = f"<CS:access><CS:{_ACCESS[access]}/></CS:access>"
        yield f"<CS:user>{href(address_of(call, person))}{name}<CS:invite-accepted/>{given}</CS:user>"


def _sharees(call: Call, shelf: Shelf) -> Iterable[str]:
    """DAV:invite (draft-pot-webdav-resource-sharing 4.2)."""
    for person, access in _known(call, shelf):
        name = f"<D:prop><D:displayname>{text(person.shown)}</D:displayname></D:prop>"
        given = f"<D:share-access><D:{_ACCESS[access]}/></D:share-access>"
        path = f"{href(address_of(call, person))}<D:principal>{href(call.principal(person.name))}</D:principal>"
        yield f"<D:sharee>{path}{name}{given}<D:invite-accepted/></D:sharee>"
