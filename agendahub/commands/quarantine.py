"""agendahub quarantine list|show|retry"""

from __future__ import annotations

from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import as_data, listing, print_json, say, written_start
from agendahub.texts import _, plural

group = typer.Typer(no_args_is_help=True)
EntryId = Annotated[int, typer.Argument(metavar="ID", help=_("From `agendahub quarantine list`."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="quarantine", help=_("Items that could not be read or written; all others go on."))


@group.command(
    "list",
    help=_("Show what is in quarantine, and why."),
    epilog=examples("agendahub quarantine list", "agendahub quarantine list --json"),
)
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from agendahub.troubles import troubles
    from storage.admin_lists import quarantine

    with workspace_of(context).database.read() as unit:
        rows = troubles(quarantine(unit.session.connection), raw=as_json)
    columns = {
        "id": _("Id"),
        "last_at": _("When"),
        "account": _("Account"),
        "collection": _("Collection"),
        "operation": _("Tried to"),
        "title": _("Item"),
        "starts": _("Starts"),
        "message": _("Why"),
        "tries": _("Tries"),
        "next_try_at": _("Next try"),
    }
    listing(rows, columns, as_json=as_json, empty=_("Nothing is in quarantine."))
    if not as_json:
        for row in rows:
            say(f"{row.id}: {row.what_to_do}")


@group.command(
    help=_("Show an entry in full, with the server's words and the raw text."),
    epilog=examples("agendahub quarantine show 3"),
)
def show(context: typer.Context, entry: EntryId, as_json: AsJson = False) -> None:
    from agendahub.troubles import troubles
    from storage.admin_lists import quarantine

    with workspace_of(context).database.read() as unit:
        found = troubles(quarantine(unit.session.connection, entry_id=entry), raw=True)
    if not found:
        raise _missing(entry)
    if as_json:
        print_json(found[0])
        return
    for name, value in as_data(found[0]).items():
        if value not in ("", None):
            say(f"{name.replace('_', ' ')}: {written_start(value) if name == 'starts' else value}")


@group.command(
    help=_("Try an item again in the next cycle (it also is when it changes)."),
    epilog=examples("agendahub quarantine retry 3", "agendahub quarantine retry --all"),
)
def retry(
    context: typer.Context,
    entry: Annotated[int | None, typer.Argument(metavar="[ID]", help=_("From `agendahub quarantine list`."))] = None,
    everything: Annotated[bool, typer.Option("--all", help=_("Every entry."))] = False,
) -> None:
    from storage.admin_actions import retry_quarantined
    from storage.admin_lists import quarantine

    if (entry is None) != everything:
        raise Failure(_("Name one entry, or --all."))
    with workspace_of(context).database.begin() as unit:
        connection = unit.session.connection
        ids = [row.id for row in quarantine(connection)] if entry is None else [entry]
        names = {retry_quarantined(connection, number) for number in ids}
    if entry is not None and names == {None}:
        raise _missing(entry)
    say(
        plural(
            "{count} entry is tried again in the next cycle.",
            "{count} entries are tried again in the next cycle.",
            len(ids),
        )
    )


def _missing(entry: int) -> Failure:
    return Failure(_("There is no entry {id}; `agendahub quarantine list` shows them.").format(id=entry))
