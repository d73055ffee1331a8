"""agendahub collections [ACCOUNT]"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.output import listing
from agendahub.texts import _

if TYPE_CHECKING:
    from sync_engine.ports import Connector


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        "collections",
        help=_("Show the hub's collections, or those that an account can reach."),
        epilog=examples("agendahub collections", "agendahub collections work --json"),
    )(collections)


def collections(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help=_("An account; without it, the hub's own collections."))] = "",
    as_json: AsJson = False,
) -> None:
    if account:
        _remote(context, account, as_json=as_json)
    else:
        _hub(context, as_json=as_json)


def _remote(context: typer.Context, name: str, *, as_json: bool) -> None:
    workspace = workspace_of(context)
    connector = workspace.connector(workspace.account(name))
    try:
        found = connector.collections()
        _tell_closed(connector)
    finally:
        connector.close()
    rows = [
        {"name": c.name, "kinds": sorted(c.kinds), "id": c.id, "read_only": c.read_only, "color": c.color}
        for c in found
    ]
    columns = {"name": _("Name"), "kinds": _("Holds"), "id": _("Id"), "read_only": _("Read only")}
    listing(rows, columns, as_json=as_json, empty=_("The account has no calendars, task lists or address books."))


def _tell_closed(connector: Connector) -> None:
    """On standard error: what is listed is right all the same."""
    from agendahub.outcome import in_words
    from connectors.capabilities import PartlyClosed

    for reason in connector.closed if isinstance(connector, PartlyClosed) else ():
        typer.echo(_("Not all is shown. {reason}").format(reason=in_words(reason)), err=True)


def _hub(context: typer.Context, *, as_json: bool) -> None:
    from storage.admin_lists import collections as all_collections

    with workspace_of(context).database.read() as unit:
        rows = all_collections(unit.session.connection)
    columns = {"name": _("Name"), "owner": _("Owner"), "slug": _("Address"), "kinds": _("Holds"), "items": _("Items")}
    empty = _("The hub has no collections yet; `agendahub binding add` makes them.")
    listing(rows, columns, as_json=as_json, empty=empty)
