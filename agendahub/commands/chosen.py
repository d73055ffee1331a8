"""Which bindings a command works on, and the connections to their accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agendahub.failure import Failure
from agendahub.texts import _

if TYPE_CHECKING:
    from agendahub.workspace import Workspace
    from config.settings import BindingSettings
    from sync_engine.ports import Connector

Bindings = Annotated[
    list[str] | None, typer.Argument(metavar="[BINDING]...", help=_("Which; without it, all that are not paused."))
]


def chosen_bindings(workspace: Workspace, names: list[str] | None) -> list[BindingSettings]:
    """Those of these names; without names all that are not paused. Raises Failure."""
    if names:
        return [workspace.binding(name) for name in names]
    if not workspace.settings.bindings:
        raise Failure(_("There are no bindings yet; add one with `agendahub binding add`."))
    return [binding for binding in workspace.settings.bindings if not binding.paused]


@contextmanager
def connectors(workspace: Workspace) -> Iterator[Any]:
    """Gives the connector of a binding: one for each sign-in, closed at the end, or for another mailbox of it."""
    from agendahub.fanout import service_of

    made: dict[str, tuple[str, Connector]] = {}

    def connector_of(settings: BindingSettings) -> Connector:
        account = workspace.account(settings.account)
        name, connector = made.get(service_of(account), ("", None))
        if connector is not None and name == account.name:
            return connector
        if connector is not None:
            connector.close()
            del made[service_of(account)]
        made[service_of(account)] = account.name, workspace.connector(account)
        return made[service_of(account)][1]

    try:
        yield connector_of
    finally:
        for _name, connector in made.values():
            connector.close()


def only_one_binding() -> tuple[type[Exception], ...]:
    """Errors that are about one binding: the others go on."""
    from storage.errors import StoreRefused
    from sync_engine.errors import SyncError

    return Failure, StoreRefused, SyncError
