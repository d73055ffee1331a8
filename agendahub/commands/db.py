"""agendahub db upgrade|check"""

from __future__ import annotations

from typing import Annotated

import typer

from agendahub.context import AsJson, Options, examples
from agendahub.failure import Failure
from agendahub.output import print_json, say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="db", help=_("The store's tables."))


@group.command(
    help=_("Bring the store's tables to this version; nothing happens if they are."),
    epilog=examples("agendahub db upgrade"),
)
def upgrade(context: typer.Context) -> None:
    from agendahub.first_rows import put_first_rows
    from storage import schema

    database = _options(context).workspace(checked=False).database
    schema.upgrade(database.url)
    put_first_rows(database)
    say(_("The store is up to date."))


@group.command(
    help=_("Check the store: its tables against this version, its files for damage, its rows against each other."),
    epilog=examples("agendahub db check", "agendahub db check --quick"),
)
def check(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help=_("Only whether the tables are of this version."))] = False,
    as_json: AsJson = False,
) -> None:
    found = _problems(context, quick=quick)
    if as_json:
        print_json({"ok": not found, "problems": found})
    elif not found:
        say(_("The store is sound.") if not quick else _("The store is up to date."))
    if found and not as_json:
        raise Failure("\n".join(found))
    if found:
        raise typer.Exit(1)


def _problems(context: typer.Context, *, quick: bool) -> list[str]:
    from storage import schema
    from storage.errors import StoreError

    url = _options(context).workspace(checked=False).database.url
    try:
        schema.check(url)
        return [] if quick else schema.problems(url)
    except StoreError as err:
        return [str(err)]


def _options(context: typer.Context) -> Options:
    assert isinstance(context.obj, Options)
    return context.obj
