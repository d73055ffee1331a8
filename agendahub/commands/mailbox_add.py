"""agendahub mailbox add|remove"""

from __future__ import annotations

from shlex import quote
from typing import Annotated, Any

import typer

from agendahub.context import Yes, examples, sure, workspace_of
from agendahub.failure import Failure
from agendahub.output import say
from agendahub.texts import _


def add_to(group: typer.Typer) -> None:
    """Register the commands beside the others of `agendahub mailbox`."""
    group.command(
        help=_("Read an account's mailbox from now on: its mails become customer requests."),
        epilog=examples(
            "agendahub mailbox add support --account work --address support@example.org",
            "agendahub mailbox add support --account imap --address support@example.org --send-through smtp",
        ),
    )(add)
    group.command(
        help=_("Read a mailbox no more. What came stays in the hub, its mails stay at the server."),
        epilog=examples("agendahub mailbox remove support"),
    )(remove)


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("What you call it."))],
    account: Annotated[str, typer.Option(help=_("The account that it belongs to."))],
    address: Annotated[str, typer.Option(help=_("Its address; answers come from it."))],
    display_name: Annotated[str, typer.Option(help=_("The name beside the address in answers."))] = "",
    folder: Annotated[
        list[str] | None, typer.Option(help=_("A folder to read, not the inbox; may be repeated."))
    ] = None,
    send_through: Annotated[str, typer.Option(help=_("The account that answers go out through, if another."))] = "",
    after: Annotated[
        str, typer.Option(help=_("What becomes of a mail there that was taken in: nothing, seen, keyword or move."))
    ] = "keyword",
    move_to: Annotated[str, typer.Option(help=_("The folder, with --after move."))] = "",
    acknowledge: Annotated[bool, typer.Option("--acknowledge", help=_("Say by mail that a request came."))] = False,
) -> None:
    from agendahub import config_file
    from agendahub.mailbox_trying import NO_WAY_OUT
    from config.mailbox_checks import SENDERS

    workspace = workspace_of(context)
    if workspace.settings.mailbox(name):
        raise Failure(_("There is a mailbox {name} already; choose another name.").format(name=name))
    workspace.account(account)
    values: dict[str, Any] = {"name": name, "account": account, "address": address, "after": after}
    more = {"display_name": display_name, "folders": folder, "send_through": send_through, "move_to": move_to}
    values |= {key: value for key, value in (more | {"acknowledge": acknowledge}).items() if value}
    config_file.add(workspace.loaded, "mailboxes", values)
    told = _("Added; a running daemon begins by itself. Try it: agendahub mailbox test {name}")
    say(told.format(name=quote(name)))
    if not send_through and workspace.account(account).connector not in SENDERS:
        say(NO_WAY_OUT)


def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("From `agendahub mailbox list`."))],
    yes: Yes = False,
) -> None:
    from agendahub import config_file

    workspace = workspace_of(context)
    if workspace.settings.mailbox(name) is None:
        raise Failure(_("There is no mailbox {name}; `agendahub mailbox list` shows them all.").format(name=name))
    sure(_("Read the mailbox {name} no more?").format(name=name), yes=yes)
    config_file.remove(workspace.loaded, ("mailboxes", name))
    say(_("The mailbox {name} is not read any more; its requests stay.").format(name=name))
