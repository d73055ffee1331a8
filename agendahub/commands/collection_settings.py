"""agendahub collection set"""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from agendahub.context import examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?\Z")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="collection", help=_("How phones and programs see a collection."))


@group.callback()
def _group() -> None:
    """Only here so that `set` stays a word of its own."""


@group.command(
    "set",
    help=_("Make a collection read-only for phones and programs, or give it a colour for all who chose none."),
    epilog=examples("agendahub collection set holidays --read-only", "agendahub collection set team --color '#1E90FF'"),
)
def set_(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help=_("Which: team, or ada/plans for a user's own."))],
    read_only: Annotated[
        bool | None, typer.Option("--read-only/--no-read-only", help=_("Refuse all changes by phones and programs."))
    ] = None,
    color: Annotated[str, typer.Option(metavar="#RRGGBB", help=_("Its colour."))] = "",
) -> None:
    from agendahub.named_collection import address_of, named_collection
    from crm import audit
    from crm.actor import ADMIN
    from storage.admin_sharing import set_collection

    if color and not _COLOR.match(color):
        raise Failure(_("Write a colour as #RRGGBB, such as #1E90FF."))
    values: dict[str, Any] = {"color": color} if color else {}
    values |= {} if read_only is None else {"read_only": read_only}
    if not values:
        raise Failure(_("Say what to change: --read-only, --no-read-only or --color."))
    with workspace_of(context).database.begin() as unit:
        row = named_collection(unit.session.connection, collection)
        set_collection(unit.session.connection, row.id, values)
        told = ", ".join(f"{name} {value}" for name, value in values.items())
        audit.note(unit, ADMIN, "collection.edit", f"collection {address_of(row)}", told)
    say(_("{collection} is changed; phones see it at their next sync.").format(collection=address_of(row)))
