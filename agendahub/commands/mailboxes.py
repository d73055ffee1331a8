"""agendahub mailbox list|test|read|pause|resume; add and remove are in mailbox_add.py"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.commands import mailbox_add
from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, print_json, say
from agendahub.steps_shown import show_steps
from agendahub.texts import _

if TYPE_CHECKING:
    from agendahub.workspace import Workspace
    from config.settings import MailboxSettings

group = typer.Typer(no_args_is_help=True)
MailboxName = Annotated[str, typer.Argument(metavar="MAILBOX", help=_("From `agendahub mailbox list`."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    mailbox_add.add_to(group)
    app.add_typer(group, name="mailbox", help=_("Mailboxes whose mails become customer requests."))


@group.command(
    "list",
    help=_("Show all mailboxes, when each was last read, and what waits."),
    epilog=examples("agendahub mailbox list", "agendahub mailbox list --json"),
)
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from agendahub.mailbox_health import mailbox_health
    from agendahub.workspace import utc_now

    workspace = workspace_of(context)
    with workspace.database.read() as unit:
        rows = mailbox_health(unit.session.connection, workspace.settings, utc_now())
    columns = {
        "mailbox": _("Mailbox"),
        "address": _("Address"),
        "account": _("Account"),
        "state": _("State"),
        "last_ok_at": _("Last read"),
        "kept_aside": _("Not taken in"),
        "to_settle": _("To be flagged"),
        "detail": "",
    }
    none = _("No mailboxes yet; add one with `agendahub mailbox add`.")
    listing(rows, columns, as_json=as_json, empty=none)


@group.command(
    "test",
    help=_("Try a mailbox step by step; nothing is changed in it, and nothing is taken in."),
    epilog=examples("agendahub mailbox test support"),
)
def try_mailbox(context: typer.Context, name: MailboxName, as_json: AsJson = False) -> None:
    from agendahub.mailbox_trying import steps_of

    workspace = workspace_of(context)
    show_steps(steps_of(workspace, _mailbox(workspace, name)), as_json=as_json)


@group.command(
    help=_("Read a mailbox once, without waiting for the daemon; or show what that would do."),
    epilog=examples("agendahub mailbox read support --dry-run", "agendahub mailbox read support"),
)
def read(
    context: typer.Context,
    name: MailboxName,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Show what would become of each mail."))] = False,
    most: Annotated[int, typer.Option(min=1, help=_("Of how many mails, with --dry-run."))] = 50,
    as_json: AsJson = False,
) -> None:
    workspace = workspace_of(context)
    box = _mailbox(workspace, name)
    if dry_run:
        _show_foreseen(workspace, box, most, as_json=as_json)
        return
    from agendahub.mailbox_once import read_once

    looked = read_once(workspace, box)
    counts = {str(what): count for what, count in looked.counts.items()}
    if as_json:
        print_json({**counts, "settled": looked.settled, "gone": looked.gone, "problem": looked.problem})
        return
    said = ", ".join(f"{what} {count}" for what, count in counts.items() if count)
    say(_("Mails: {counts}.").format(counts=said or _("nothing new")))
    if looked.problem:
        say(looked.problem)


def _show_foreseen(workspace: Workspace, box: MailboxSettings, most: int, *, as_json: bool) -> None:
    from agendahub.mailbox_once import foreseen

    columns = {
        "folder": _("Folder"),
        "arrived_at": _("Came"),
        "sender": _("From"),
        "subject": _("Subject"),
        "automatic": _("Automatic"),
        "what": _("Would be"),
        "detail": "",
    }
    listing(list(foreseen(workspace, box, most)), columns, as_json=as_json, empty=_("Nothing new lies there."))


@group.command(
    help=_("Leave a mailbox alone until it is resumed; only `agendahub mailbox read` still reads it."),
    epilog=examples("agendahub mailbox pause support"),
)
def pause(context: typer.Context, name: MailboxName) -> None:
    _set_paused(context, name, paused=True)
    say(_("{name} is paused.").format(name=name))


@group.command(help=_("Go on with a paused mailbox."), epilog=examples("agendahub mailbox resume support"))
def resume(context: typer.Context, name: MailboxName) -> None:
    _set_paused(context, name, paused=False)
    say(_("{name} goes on.").format(name=name))


def _set_paused(context: typer.Context, name: str, *, paused: bool) -> None:
    from agendahub import config_file

    workspace = workspace_of(context)
    if _mailbox(workspace, name).paused != paused:
        config_file.change(workspace.loaded, "mailboxes", name, "paused", paused)


def _mailbox(workspace: Workspace, name: str) -> MailboxSettings:
    found = workspace.settings.mailbox(name)
    if found is not None:
        return found
    known = ", ".join(box.name for box in workspace.settings.mailboxes)
    if not known:
        raise Failure(_("The configuration has no mailboxes yet; add a [[mailboxes]] entry (docs/requests.md)."))
    hint = _("There is no mailbox {name}; the configuration has: {known}.")
    raise Failure(hint.format(name=name, known=known))
