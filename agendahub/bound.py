"""The rows of a binding: made from the configuration when the binding is first worked on."""

from __future__ import annotations

from dataclasses import dataclass

from agendahub.fanout import FanoutBinding
from agendahub.fanout_folder import bind_folder, folder_id
from agendahub.remotes import find_remote
from agendahub.workspace import Workspace, utc_now
from config.settings import BindingSettings
from storage.admin_config import ensure_account, ensure_binding, ensure_collection
from storage.fanouts import remote_id_of as tied_to
from sync_engine.ports import Connector


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding, ready to be worked on."""

    id: int
    settings: BindingSettings


def remote_id_of(workspace: Workspace, settings: BindingSettings, connector: Connector) -> str:
    """The id of the remote collection. One given by its name is looked up at the account; "": it will be made."""
    if isinstance(settings, FanoutBinding):
        return folder_id(workspace, settings, connector)
    remote_id = settings.remote
    if remote_id.startswith("/") or "://" in remote_id or remote_id == _tied_to(workspace, settings):
        return remote_id
    return find_remote(connector, remote_id, settings.account).id  # a name, or an id that is no path


def _tied_to(workspace: Workspace, settings: BindingSettings) -> str:
    """What the binding was tied to. An id that is known needs no look at all of the account's services."""
    with workspace.database.read() as unit:
        return tied_to(unit.session.connection, settings.name)


def bind(workspace: Workspace, settings: BindingSettings, connector: Connector) -> Bound:
    """Make sure that the binding's rows exist."""
    if isinstance(settings, FanoutBinding):
        return Bound(bind_folder(workspace, settings, connector), settings)
    remote_id = remote_id_of(workspace, settings, connector)
    with workspace.database.begin() as unit:
        connection, now = unit.session.connection, utc_now()
        account_id = ensure_account(connection, settings.account, now)
        collection_id = ensure_collection(connection, settings.collection, settings.kinds, settings.owner, now)
        return Bound(ensure_binding(connection, settings.name, account_id, collection_id, remote_id), settings)
