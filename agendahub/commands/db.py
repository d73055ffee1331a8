"""agendahub db upgrade|check"""

from __future__ import annotations

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
    from storage import schema

    schema.upgrade(_options(context).workspace(checked=False).database.url)
    say(_("The store is up to date."))


@group.command(help=_("Say whether the store's tables are those of this version; exit code 1 if not."))
def check(context: typer.Context, as_json: AsJson = False) -> None:
    from storage import schema
    from storage.errors import StoreError

    problem = ""
    try:
        schema.check(_options(context).workspace(checked=False).database.url)
    except StoreError as err:
        problem = str(err)
    if as_json:
        print_json({"ok": not problem, "problem": problem})
    elif not problem:
        say(_("The store is up to date."))
    if problem and not as_json:
        raise Failure(problem)
    if problem:
        raise typer.Exit(1)


def _options(context: typer.Context) -> Options:
    assert isinstance(context.obj, Options)
    return context.obj
