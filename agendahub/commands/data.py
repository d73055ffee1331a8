"""agendahub import and agendahub export"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import bar, console, print_json, say
from agendahub.texts import _
from sync_engine.limits import FILE_OCTETS


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(
        "import",
        help=_(
            "Read a file of contacts (.vcf) or a calendar (.ics) into a collection; items it has are updated by UID."
        ),
        epilog=examples(
            "agendahub import contacts.vcf --collection Contacts", "agendahub import agenda.ics --collection Agenda"
        ),
    )(import_)
    app.command(
        help=_("Write a collection as one .vcf or .ics file."),
        epilog=examples("agendahub export Contacts contacts.vcf", "agendahub export Agenda > agenda.ics"),
    )(export)


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=_("A .vcf or .ics file; - is standard input."))],
    collection: Annotated[str, typer.Option(help=_("Where to; made if need be."))],
    owner: Annotated[str, typer.Option(help=_("A user whose own collection it is; else the company's."))] = "",
    as_json: AsJson = False,
) -> None:
    from agendahub.importing import import_items, read_items
    from agendahub.named_collection import name_and_owner
    from agendahub.workspace import utc_now

    workspace = workspace_of(context)
    with workspace.database.read() as unit:
        collection, owner = name_and_owner(unit.session.connection, collection, owner)
    found = list(read_items(_octets_of(file)))
    items, refused = [i for i in found if not isinstance(i, str)], [i for i in found if isinstance(i, str)]
    if not items:
        raise Failure(_("{file} has no contacts, events or tasks that can be read.").format(file=file))
    with bar(_("Importing"), len(items), quiet=as_json) as progress:
        done = import_items(workspace.database, items, collection, owner, utc_now, progress)
    done.refused = refused + done.refused
    if as_json:
        print_json(done)
    else:
        say(
            _("{new} new, {changed} changed, {same} as they were.").format(
                new=done.new, changed=done.changed, same=done.same
            )
        )
        for line in done.refused:
            console(error=True).print(_("Not imported: {reason}").format(reason=line), markup=False)
    if done.refused:
        raise typer.Exit(1)


def _octets_of(file: Path) -> bytes:
    """All of the file, or of standard input. Raises Failure for one that is too large, before it fills the memory."""
    with sys.stdin.buffer if str(file) == "-" else file.open("rb") as opened:
        raw = opened.read(FILE_OCTETS + 1)
    if len(raw) > FILE_OCTETS:
        hint = _("{file} has more than {limit} MiB: split it into smaller files and import one after the other.")
        raise Failure(hint.format(file=file, limit=FILE_OCTETS >> 20))
    return raw


def export(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help=_("Which collection."))],
    file: Annotated[Path | None, typer.Argument(help=_("Where to; without it, standard output."))] = None,
    owner: Annotated[str, typer.Option(help=_("A user whose own collection it is; else the company's."))] = "",
) -> None:
    from agendahub.calendar_file import calendars, cards
    from agendahub.named_collection import name_and_owner
    from storage.admin_lists import collections
    from storage.admin_texts import texts_of

    with workspace_of(context).database.read() as unit:
        connection = unit.session.connection
        collection, owner = name_and_owner(connection, collection, owner)
        everything = collections(connection)
        found = next((row for row in everything if (row.name, row.owner) == (collection, owner)), None)
        if found is None:
            names = ", ".join(_called(row.name, row.owner) for row in everything) or _("none yet")
            raise Failure(
                _("There is no collection {name}; the hub has: {names}.").format(
                    name=_called(collection, owner), names=names
                )
            )
        join = cards if "contact" in found.kinds else calendars
        content = "".join(join(texts_of(connection, found.id))).encode("utf-8", "replace")
    if file is None or str(file) == "-":
        sys.stdout.buffer.write(content)
    else:
        file.write_bytes(content)
        say(_("Wrote {count} items to {file}.").format(count=found.items, file=file))


def _called(name: str, owner: str) -> str:
    """A collection as the options name it."""
    return f"{name} (--owner {owner})" if owner else name
