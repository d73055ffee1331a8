"""agendahub mail quarantine|reprocess|dismiss|raw"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, print_json, say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)
EntryId = Annotated[int, typer.Argument(metavar="ID", help=_("From `agendahub mail quarantine`."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="mail", help=_("Mails that could not be taken in, and mails as they came."))


@group.command(
    help=_("Show mails that could not be taken in, and why. Their octets are kept."),
    epilog=examples("agendahub mail quarantine", "agendahub mail quarantine --all --json"),
)
def quarantine(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help=_("Those that were settled, too."))] = False,
    as_json: AsJson = False,
) -> None:
    from storage.crm.quarantined import KeptAside, kept_aside

    rows: list[KeptAside] = []
    with workspace_of(context).database.read() as unit:
        while page := kept_aside(unit.session.connection, resolved=everything, after=rows[-1].id if rows else 0):
            rows += page
    columns = {
        "id": _("Id"),
        "at": _("When"),
        "mailbox": _("Mailbox"),
        "folder": _("Folder"),
        "size": _("Octets"),
        "reason": _("Why"),
        "resolved_at": _("Settled"),
    }
    listing(rows, columns, as_json=as_json, empty=_("All mails could be taken in."))


@group.command(
    help=_("Try a mail again that could not be taken in, as after an update. Nothing is answered by itself."),
    epilog=examples("agendahub mail reprocess 3"),
)
def reprocess(context: typer.Context, entry: EntryId, as_json: AsJson = False) -> None:
    from agendahub.crm_settings import crm_settings
    from crm.actor import Actor
    from crm.errors import CrmError
    from crm.intake.aside import reprocess as again

    workspace = workspace_of(context)
    try:
        taken = again(workspace.database, crm_settings(workspace), Actor("admin", unlimited=True), entry)
    except CrmError as err:
        raise Failure(str(err)) from err
    if as_json:
        print_json(taken)
        return
    say(_("The mail was taken in: {what}.").format(what=str(taken.what)))


@group.command(
    help=_("Say that nothing is to be done about a mail. What is kept of it stays."),
    epilog=examples("agendahub mail dismiss 3"),
)
def dismiss(context: typer.Context, entry: EntryId) -> None:
    from crm.actor import Actor
    from crm.errors import CrmError
    from crm.intake.aside import dismiss as settle

    try:
        with workspace_of(context).database.begin() as unit:
            settle(unit, Actor("admin", unlimited=True), entry)
    except CrmError as err:
        raise Failure(str(err)) from err
    say(_("Done."))


@group.command(
    help=_("Write a mail as it came, octet for octet: by the id of its message, or of its entry in quarantine."),
    epilog=examples("agendahub mail raw 17 --to mail.eml", "agendahub mail raw 3 --quarantined > mail.eml"),
)
def raw(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help=_("Of the message, or of the entry."))],
    quarantined: Annotated[bool, typer.Option("--quarantined", help=_("ID is of an entry in quarantine."))] = False,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help=_("Where to; else standard output."))] = None,
) -> None:
    from storage.crm.mail_raws import raw_of
    from storage.crm.mails import digest_of_message
    from storage.crm.quarantined import kept_aside_entry

    with workspace_of(context).database.read() as unit:
        connection = unit.session.connection
        if quarantined:
            entry = kept_aside_entry(connection, number)
            digest = entry.raw_digest if entry is not None else ""
        else:
            digest = digest_of_message(connection, number) or ""
        octets = raw_of(connection, digest) if digest else None
    if octets is None:
        raise Failure(_("There is no such mail, or its server never gave it."))
    if to is not None:
        to.write_bytes(octets)
        return
    sys.stdout.buffer.write(octets)
