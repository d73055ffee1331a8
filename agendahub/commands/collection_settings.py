"""agendahub collection set|subscribe|unsubscribe"""

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


@group.command(
    help=_("Make a read-only calendar that repeats a feed of events, read every hour: of the company, or of a user."),
    epilog=examples(
        "agendahub collection subscribe Holidays https://feeds.example.org/holidays.ics",
        "agendahub collection subscribe Football webcal://club.example.org/games.ics --owner ada",
    ),
)
def subscribe(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("What people call it."))],
    address: Annotated[str, typer.Argument(metavar="URL", help=_("Of the feed: https, http or webcal."))],
    owner: Annotated[str, typer.Option(help=_("Whose it is; without one all users see it."))] = "",
) -> None:
    from agendahub.workspace import utc_now
    from crm import audit
    from crm.actor import ADMIN
    from dav_gateway.sharing.subscription import is_feed_address
    from storage.admin_config import ensure_collection
    from storage.admin_lists import collections
    from storage.admin_sharing import set_collection

    if not is_feed_address(address):
        raise Failure(_("The address of a feed begins with https://, http:// or webcal://."))
    if not 0 < len(name.strip()) <= 100 or not name.isprintable():
        raise Failure(_("Give the calendar a name of 1 to 100 characters, such as Holidays."))
    with workspace_of(context).database.begin() as unit:
        connection = unit.session.connection
        if any((row.name, row.owner) == (name, owner) for row in collections(connection)):
            raise Failure(_("There is a collection {name} already; choose another name.").format(name=name))
        made = ensure_collection(connection, name, ["event"], owner, utc_now())
        set_collection(connection, made, {"source": address, "read_only": True, "transparent": True})
        audit.note(unit, ADMIN, "collection.edit", f"collection {name}", "subscribed")
    say(_("{name} is made; its events come within a minute while `agendahub serve` runs.").format(name=name))


@group.command(
    help=_("End a subscription: its calendar goes away on all devices."),
    epilog=examples("agendahub collection unsubscribe Holidays", "agendahub collection unsubscribe ada/football"),
)
def unsubscribe(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help=_("Which: holidays, or ada/football for a user's own."))],
) -> None:
    from agendahub.named_collection import address_of, named_collection
    from agendahub.workspace import utc_now
    from crm import audit
    from crm.actor import ADMIN
    from storage.admin_sharing import source_of
    from storage.dav_store import delete_collection

    with workspace_of(context).database.begin() as unit:
        row = named_collection(unit.session.connection, collection)
        named = address_of(row)
        if not source_of(unit.session.connection, row.id):
            raise Failure(_("{name} is not a subscription; its owner deletes it on his device.").format(name=named))
        delete_collection(unit.session.connection, row.id, utc_now())
        audit.note(unit, ADMIN, "collection.edit", f"collection {named}", "unsubscribed")
    say(_("{name} is gone from all devices at their next sync.").format(name=named))
