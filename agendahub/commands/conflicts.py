"""agendahub conflicts list|show|resolve"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import as_data, listing, print_json, say
from agendahub.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.admin_lists import ConflictRow

group = typer.Typer(no_args_is_help=True)
ConflictId = Annotated[int, typer.Argument(metavar="ID", help=_("From `agendahub conflicts list`."))]


class Side(StrEnum):
    """Which version a conflict ends with."""

    KEEP = "keep"  # as it is now
    HUB = "hub"  # the hub's version of then
    REMOTE = "remote"  # the remote's version of then


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="conflicts", help=_("The same field, changed on both sides: what lost is kept."))


@group.command(
    "list", help=_("Show conflicts nobody looked at yet."), epilog=examples("agendahub conflicts list --all")
)
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help=_("The resolved ones too."))] = False,
    as_json: AsJson = False,
) -> None:
    from storage.admin_lists import conflicts

    with workspace_of(context).database.read() as unit:
        rows = conflicts(unit.session.connection, all_of_them=everything)
    short = [as_data(row) | {"changed": [field["field"] for field in row.fields]} for row in rows]
    columns = {
        "id": _("Id"),
        "at": _("When"),
        "binding": _("Binding"),
        "title": _("Item"),
        "changed": _("Fields"),
        "resolution": _("Resolved"),
    }
    listing(short, columns, as_json=as_json, empty=_("No conflicts."))


@group.command(
    help=_("Show both versions of every field of a conflict."), epilog=examples("agendahub conflicts show 3")
)
def show(context: typer.Context, conflict: ConflictId, as_json: AsJson = False) -> None:
    with workspace_of(context).database.read() as unit:
        row = _row(unit.session.connection, conflict)
    if as_json:
        print_json(row)
        return
    say(_("{title} ({collection}), binding {binding}, {at}").format(**as_data(row)))
    columns = {
        "field": _("Field"),
        "base": _("Before"),
        "hub": _("Hub"),
        "remote": _("Remote"),
        "kept": _("Kept"),
    }
    listing(row.fields, columns, as_json=False, empty="")
    say(_("Resolve: agendahub conflicts resolve {id} --take keep|hub|remote").format(id=row.id))


@group.command(
    help=_(
        "Take a conflict off the list: keep the item as it is now, or put back one of the two versions, everywhere."
    ),
    epilog=examples("agendahub conflicts resolve 3 --take keep", "agendahub conflicts resolve 3 --take remote"),
)
def resolve(
    context: typer.Context,
    conflict: ConflictId,
    take: Annotated[Side, typer.Option(help=_("Which version the item ends with."))] = Side.KEEP,
) -> None:
    from agendahub.restoring import restore
    from agendahub.workspace import utc_now
    from storage.admin_actions import resolve_conflict

    with workspace_of(context).database.begin() as unit:
        row = _row(unit.session.connection, conflict)
        if row.resolved_at is not None:
            raise Failure(_("Conflict {id} is resolved already ({how}).").format(id=row.id, how=row.resolution))
        if take is not Side.KEEP:
            restore(unit, row.item_id, row.hub_revision if take is Side.HUB else row.remote_revision)
        resolve_conflict(unit.session.connection, conflict, str(take), utc_now())
    say(_("Conflict {id} is resolved.").format(id=conflict))


def _row(connection: Connection, conflict: int) -> ConflictRow:
    from storage.admin_lists import conflicts

    found = conflicts(connection, conflict_id=conflict)
    if not found:
        raise Failure(_("There is no conflict {id}; `agendahub conflicts list` shows them.").format(id=conflict))
    return found[0]
