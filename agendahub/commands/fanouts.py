"""agendahub fanout add|list|members|refresh|restore|approve|remove"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agendahub.context import AsJson, Yes, examples, sure, workspace_of
from agendahub.failure import Failure
from agendahub.output import console, listing, print_json, say
from agendahub.texts import _, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agendahub.fanout_cleaning import Cleaned
    from agendahub.fanout_members import Looked
    from agendahub.workspace import Workspace
    from config.settings import FanoutSettings

group = typer.Typer(no_args_is_help=True)
FanoutName = Annotated[str, typer.Argument(help=_("The fan-out."))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_("Only show what would be done."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="fanout", help=_("One collection of the hub in a folder of each of many mailboxes."))


@group.command(
    help=_("Put a collection of the hub into everybody's mailbox, by one service account that may open them."),
    epilog=examples(
        "agendahub fanout add book --account service --collection Contacts --mailbox ada@example.org",
        'agendahub fanout add book --account service --collection Contacts --pattern "*@example.org" --dry-run',
        "agendahub fanout add book --account service --collection Contacts --group sales@example.org --direction both",
    ),
)
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("What you call it."))],
    account: Annotated[str, typer.Option(help=_("The service account."))],
    collection: Annotated[str, typer.Option(help=_("The hub's collection."))],
    mailbox: Annotated[list[str] | None, typer.Option(help=_("Who gets it: an address; may be repeated."))] = None,
    pattern: Annotated[str, typer.Option(help=_("Who gets it: addresses of the directory, such as *@x.org."))] = "",
    group: Annotated[str, typer.Option(help=_("Who gets it: the members of this group."))] = "",
    except_: Annotated[list[str] | None, typer.Option("--except", help=_("Who does not; may be repeated."))] = None,
    folder: Annotated[str, typer.Option(help=_("The folder in each mailbox."))] = "AgendaHub",
    kinds: Annotated[list[str] | None, typer.Option("--kind", help=_("contact, event or task."))] = None,
    owner: Annotated[str, typer.Option(help=_("The user whose collection it is; else the company's."))] = "",
    direction: Annotated[str, typer.Option(help=_("out (to the mailboxes) or both."))] = "out",
    prefer: Annotated[str, typer.Option(help=_("hub or remote: who wins when both changed the same field."))] = "hub",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    from agendahub import config_file

    workspace = workspace_of(context)
    if workspace.settings.fanout(name):
        raise Failure(_("There is a fan-out {name} already; choose another name.").format(name=name))
    workspace.account(account)
    given = {"owner": owner, "mailboxes": mailbox, "pattern": pattern, "group": group, "except": except_}
    values: dict[str, Any] = {"name": name, "account": account, "collection": collection, "folder": folder}
    values |= {key: value for key, value in given.items() if value}
    values |= {"kinds": kinds or ["contact"], "direction": direction, "prefer": prefer}
    config_file.check_entry(workspace.loaded, "fanouts", values)
    fanout = _known_from_now_on(workspace, values)
    if not dry_run:
        config_file.add(workspace.loaded, "fanouts", values)
    looked = _refreshed(workspace, fanout, dry_run=dry_run)
    _show(looked, as_json=as_json)
    if not (dry_run or as_json):
        say(_what_follows(looked).format(name=quote(name)))
    if looked.problem:
        raise typer.Exit(1)


def _known_from_now_on(workspace: Workspace, values: dict[str, Any]) -> FanoutSettings:
    """To this process, written or not: only so is Google asked for the right to look into the directory."""
    from config import parse
    from config.editing import add_entry

    fanout = parse(add_entry(workspace.loaded.text, "fanouts", values)).fanout(values["name"])
    assert fanout is not None
    others = workspace.settings.fanouts
    workspace.settings = workspace.settings.model_copy(update={"fanouts": (*others, fanout)})
    return fanout


def _what_follows(looked: Looked) -> str:
    if not looked.problem:
        return _("A running daemon begins by itself; agendahub fanout members {name} shows how it goes.")
    return _(
        "It was added, and a running daemon asks the directory again every ten minutes. Mend what is wrong there or in "
        "the configuration, then: agendahub fanout refresh {name}; or agendahub fanout remove {name}."
    )


@group.command(
    "list",
    help=_("Show all fan-outs: how many mailboxes, and what is wrong. Exit code 1 if something is."),
    epilog=examples("agendahub fanout list", "agendahub fanout list --json"),
)
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from agendahub.fanout_report import fanout_rows

    rows = fanout_rows(workspace_of(context))
    columns = {
        "name": _("Fan-out"),
        "account": _("Account"),
        "collection": _("Collection"),
        "direction": _("Direction"),
        "members": _("Mailboxes"),
        "well": _("Well"),
        "left": _("Left"),
        "refreshed_at": _("Members as of"),
        "problem": "",
    }
    listing(rows, columns, as_json=as_json, empty=_("No fan-outs yet; add one with `agendahub fanout add`."))
    if any(row.problem for row in rows):
        raise typer.Exit(1)


@group.command(
    help=_("Show every mailbox of a fan-out and how it is; also who left."),
    epilog=examples("agendahub fanout members book", "agendahub fanout members book --json"),
)
def members(context: typer.Context, name: FanoutName, as_json: AsJson = False) -> None:
    from agendahub.fanout_report import member_rows

    workspace = workspace_of(context)
    rows = member_rows(workspace, _fanout(workspace, name))
    columns = {
        "address": _("Mailbox"),
        "member": _("Member"),
        "state": _("State"),
        "items": _("Items"),
        "last_ok_at": _("Last finished"),
        "detail": "",
    }
    empty = _("Nobody yet; ask the directory with: agendahub fanout refresh {name}").format(name=name)
    listing(rows, columns, as_json=as_json, empty=empty)


@group.command(
    help=_("Ask the directory now who is in it. A list that is empty or much shorter is not believed by itself."),
    epilog=examples("agendahub fanout refresh book --dry-run", "agendahub fanout refresh book --accept"),
)
def refresh(
    context: typer.Context,
    name: FanoutName,
    accept: Annotated[bool, typer.Option("--accept", help=_("Believe also that most members are gone."))] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    workspace = workspace_of(context)
    looked = _refreshed(workspace, _fanout(workspace, name), accept=accept, dry_run=dry_run)
    _show(looked, as_json=as_json)
    if looked.problem:
        raise typer.Exit(1)


@group.command(
    help=_("Make the folder of a mailbox again that its owner deleted, and fill it."),
    epilog=examples("agendahub fanout restore book ada@example.org"),
)
def restore(
    context: typer.Context, name: FanoutName, mailbox: Annotated[str, typer.Argument(help=_("Whose folder."))]
) -> None:
    from agendahub.fanout import binding_name
    from agendahub.outcome import Result
    from agendahub.work import Worker
    from storage.fanouts import set_folder_made

    workspace = workspace_of(context)
    settings = workspace.binding(binding_name(_fanout(workspace, name).name, mailbox.lower()))
    with workspace.database.begin() as unit:
        set_folder_made(unit.session.connection, name, mailbox.lower(), None)
    connector = workspace.connector(workspace.account(settings.account))
    try:
        outcome = Worker(workspace).cycle(settings, connector, everything=True)
    finally:
        connector.close()
    if outcome.result is Result.BUSY:
        raise Failure(_("Another worker is at this mailbox just now, and makes the folder if it is missing."))
    if outcome.error is not None:
        raise outcome.error
    say(_("The folder is there, with {count} items written now.").format(count=outcome.counts.pushed_new))


@group.command(
    help=_("Let the deletions that are held now pass in all mailboxes of a fan-out, once; see `agendahub held` first."),
    epilog=examples("agendahub fanout approve book --dry-run", "agendahub fanout approve book"),
)
def approve(context: typer.Context, name: FanoutName, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    from agendahub.fanout_holds import approve_all

    workspace = workspace_of(context)
    rows = approve_all(workspace, _fanout(workspace, name), dry_run=dry_run)
    columns = {"mailbox": _("Mailbox"), "side": _("Where"), "count": _("Deletions"), "reason": ""}
    listing(rows, columns, as_json=as_json, empty=_("Nothing is held in {name}.").format(name=name))


@group.command(
    help=_("End a fan-out. Items stay in the hub, and in the mailboxes too unless you say --clean."),
    epilog=examples("agendahub fanout remove book", "agendahub fanout remove book --clean --dry-run"),
)
def remove(
    context: typer.Context,
    name: FanoutName,
    clean: Annotated[bool, typer.Option("--clean", help=_("Delete its items in the mailboxes first."))] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    from agendahub import config_file
    from agendahub.fanout_cleaning import count, mailboxes_of
    from agendahub.forgetting import forget
    from storage.fanouts import forget_fanout

    workspace = workspace_of(context)
    fanout = _fanout(workspace, name)
    bound = mailboxes_of(workspace, fanout)
    counted = [count(workspace, binding) for _account, binding in bound]
    if dry_run:
        _show_cleaned(counted if clean else [], as_json=as_json)
        return
    if clean:
        total = sum(one.items for one in counted)
        question = _("This deletes {items} items in {mailboxes} mailboxes; the hub keeps them. Go on?")
        sure(question.format(items=total, mailboxes=len(counted)), yes=yes)
        _clean(context, workspace, fanout, as_json=as_json)
    config_file.remove(context.obj.loaded(), ("fanouts", name))
    for _account, binding in bound:
        forget(workspace, binding.name)
    with workspace.database.begin() as unit:
        forget_fanout(unit.session.connection, name)
    if not as_json:
        say(_("Removed {name}.").format(name=name))


def _clean(context: typer.Context, workspace: Workspace, fanout: FanoutSettings, *, as_json: bool) -> None:
    """The daemon must not fill what is emptied here: it pauses first. Broken off, the command is run again."""
    from agendahub import config_file
    from agendahub.fanout_cleaning import clean, mailboxes_of

    if not fanout.paused:
        config_file.change(context.obj.loaded(), "fanouts", fanout.name, "paused", value=True)
    done = [clean(workspace, account, binding) for account, binding in mailboxes_of(workspace, fanout)]
    _show_cleaned(done, as_json=as_json)
    if any(one.problem for one in done):
        hint = _("Not all mailboxes could be cleaned, so {name} stays, paused; run the command again.")
        raise Failure(hint.format(name=fanout.name))


def _fanout(workspace: Workspace, name: str) -> FanoutSettings:
    found = workspace.settings.fanout(name)
    if found is None:
        known = ", ".join(fanout.name for fanout in workspace.settings.fanouts) or _("none yet")
        raise Failure(_("There is no fan-out {name}; the configuration has: {known}.").format(name=name, known=known))
    return found


def _refreshed(workspace: Workspace, fanout: FanoutSettings, *, accept: bool = False, dry_run: bool = False) -> Looked:
    from agendahub.fanout_members import refresh

    return refresh(workspace, fanout, accept=accept, dry_run=dry_run)


def _show(looked: Looked, *, as_json: bool) -> None:
    if as_json:
        print_json(looked)
        return
    for address in looked.joined:
        say(_("joins: {address}").format(address=address))
    for address in looked.left:
        say(_("leaves: {address} (what he has stays as it is)").format(address=address))
    say(plural("{count} mailbox in all.", "{count} mailboxes in all.", len(looked.members)))
    if looked.problem:
        console(error=True).print(looked.problem, markup=False)


def _show_cleaned(done: Sequence[Cleaned], *, as_json: bool) -> None:
    columns = {
        "mailbox": _("Mailbox"),
        "items": _("Items"),
        "removed": _("Removed"),
        "kept": _("Changed there, kept"),
        "problem": "",
    }
    listing(done, columns, as_json=as_json, empty=_("Nothing would be deleted in any mailbox."))
