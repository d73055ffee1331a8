"""The folder of a fan-out in one mailbox: found by its name or made, then followed by its id, whatever it is called.

Who deletes it deletes nothing in the hub. It is made again, but nobody is fought for ever: not twice a day, and where
changes go both ways only when an admin says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from agendahub.fanout import FanoutBinding
from agendahub.texts import _
from agendahub.workspace import Workspace, utc_now
from connectors.capabilities import MakesCollections
from storage import fanouts as store
from storage.admin_config import ensure_account, ensure_binding, ensure_collection
from sync_engine.errors import CollectionGone, Rejected, SyncError, Unavailable
from sync_engine.model import Kind
from sync_engine.ports import Connector, RemoteCollection

PEACE = timedelta(days=1)  # between two makings of a folder that its owner deletes
_PATIENCE = 30.0  # seconds to wait for another worker that makes it
_PAUSE = 0.1


def bind_folder(workspace: Workspace, settings: FanoutBinding, connector: Connector) -> int:
    """The binding's row, tied to the folder, which is made if need be. Raises SyncError, StoreError."""
    number, remote_id = _row(workspace, settings)
    if remote_id:
        return number
    with _alone(workspace, settings, number):
        number, remote_id = _row(workspace, settings)  # another worker may have made it meanwhile
        return number if remote_id else _tie(workspace, settings, _found_or_made(connector, settings).id)


def folder_id(workspace: Workspace, settings: FanoutBinding, connector: Connector) -> str:
    """The folder's id as far as it is known or can be found; "" when it is still to be made."""
    with workspace.database.read() as unit:
        known = store.remote_id_of(unit.session.connection, settings.name)
    found = None if known else _named(connector, settings)
    return known or (found.id if found else "")


def look_for_folder(workspace: Workspace, settings: FanoutBinding, connector: Connector) -> None:
    """Raises CollectionGone when the mailbox does not show the folder any more: it may be among the deleted things."""
    with workspace.database.read() as unit:
        known = store.remote_id_of(unit.session.connection, settings.name)
    if not known:
        return
    kinds = {Kind(kind) for kind in settings.kinds}
    listed = [collection.id for collection in connector.collections() if kinds <= collection.kinds]
    if listed and known not in listed:  # a listing without any such folder says nothing
        raise CollectionGone(_("The folder is not among the folders of the mailbox any more."))


def renew(workspace: Workspace, settings: FanoutBinding) -> bool:
    """Its folder is gone: untie the binding, so that the next cycle makes it again. False when it must not be yet."""
    now = utc_now()
    with workspace.database.begin() as unit:
        connection = unit.session.connection
        made = store.folder_made_at(connection, settings.fanout, settings.address)
        if made is not None and (settings.direction != "out" or now - made < PEACE):
            return False
        store.set_folder_made(connection, settings.fanout, settings.address, None)
        _ensure(connection, settings, "")
    return True


def gone(settings: FanoutBinding, error: SyncError) -> CollectionGone:
    """The error, with what happens next."""
    if settings.direction == "out":
        after = _("it is made again when a day has passed")
    else:
        after = _('to make it again: agendahub fanout restore "{name}" {address}')
    text = _("The folder {folder} was deleted in the mailbox {address}; nothing was deleted in the hub, and {after}.")
    names = {"folder": settings.remote, "address": settings.address}
    after = after.format(name=settings.fanout, **names)
    return CollectionGone(text.format(after=after, **names), server_said=error.server_said)


def _found_or_made(connector: Connector, settings: FanoutBinding) -> RemoteCollection:
    if isinstance(connector, MakesCollections):
        return connector.make_collection(settings.remote, frozenset(Kind(kind) for kind in settings.kinds))
    found = _named(connector, settings)
    if found is None:
        hint = _("The mailbox {address} has no folder {folder}, and none can be made there by accounts of this kind.")
        raise Rejected(hint.format(address=settings.address, folder=settings.remote))
    return found


def _named(connector: Connector, settings: FanoutBinding) -> RemoteCollection | None:
    """Without making it. Where folders are in folders, their names may be told with those above."""
    kinds, name = {Kind(kind) for kind in settings.kinds}, settings.remote.lower()
    fitting = (c for c in connector.collections() if kinds <= c.kinds and not c.read_only)
    return next((c for c in fitting if c.name.lower() == name or c.name.lower().endswith(f"/ {name}")), None)


def _row(workspace: Workspace, settings: FanoutBinding) -> tuple[int, str]:
    with workspace.database.begin() as unit:
        connection = unit.session.connection
        known = store.remote_id_of(connection, settings.name)
        return _ensure(connection, settings, known), known


def _tie(workspace: Workspace, settings: FanoutBinding, remote_id: str) -> int:
    with workspace.database.begin() as unit:
        store.set_folder_made(unit.session.connection, settings.fanout, settings.address, utc_now())
        return _ensure(unit.session.connection, settings, remote_id)


def _ensure(connection, settings: FanoutBinding, remote_id: str) -> int:  # type: ignore[no-untyped-def]
    now = utc_now()
    account = ensure_account(connection, settings.account, now)
    collection = ensure_collection(connection, settings.collection, settings.kinds, settings.owner, now)
    return ensure_binding(connection, settings.name, account, collection, remote_id)


@contextmanager
def _alone(workspace: Workspace, settings: FanoutBinding, number: int) -> Iterator[None]:
    """Be the only worker of the binding. Raises Unavailable when another one stays at it."""
    end = time.monotonic() + _PATIENCE
    while True:
        with workspace.database.lease(number) as mine:
            if mine:
                yield
                return
        if time.monotonic() > end:
            hint = _("Another worker is making the folder in the mailbox {address}.")
            raise Unavailable(hint.format(address=settings.address))
        time.sleep(_PAUSE)
