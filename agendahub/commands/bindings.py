"""agendahub binding add|list|pause|resume|remove|approve"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, say
from agendahub.texts import _, plural

if TYPE_CHECKING:
    from agendahub.workspace import Workspace
    from sync_engine.ports import RemoteCollection

group = typer.Typer(no_args_is_help=True)
BindingName = Annotated[str, typer.Argument(help=_("The binding."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="binding", help=_("Which hub collection goes with which remote collection."))


@group.command(
    help=_("Tie a collection of the hub (made if need be) to one of an account."),
    epilog=examples(
        'agendahub binding add "work agenda" --account work --remote Agenda --collection Agenda',
        "agendahub binding add book --account home --remote /ada/book/ --collection Contacts --direction in",
    ),
)
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("What you call it."))],
    account: Annotated[str, typer.Option(help=_("The account."))],
    remote: Annotated[str, typer.Option(help=_("Its collection: name, id or address (see `agendahub collections`)."))],
    collection: Annotated[str, typer.Option(help=_("The hub's collection; bindings that share it come in step."))],
    owner: Annotated[str, typer.Option(help=_("A user whose own it is; else the company's."))] = "",
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help=_("contact, event, task; else all it holds."))
    ] = None,
    direction: Annotated[str, typer.Option(help=_("both, in (to the hub) or out (to the account)."))] = "both",
    prefer: Annotated[str, typer.Option(help=_("hub or remote: who wins when both changed the same field."))] = "hub",
    paused: Annotated[bool, typer.Option("--paused", help=_("Do nothing until it is resumed."))] = False,
) -> None:
    from agendahub import config_file
    from agendahub.named_collection import name_and_owner

    workspace = workspace_of(context)
    if workspace.settings.binding(name):
        raise Failure(_("There is a binding {name} already; choose another name.").format(name=name))
    if owner:
        _known_user(workspace, owner)
    with workspace.database.read() as unit:
        collection, owner = name_and_owner(unit.session.connection, collection, owner)
    found = _remote(workspace, account, remote)
    values: dict[str, Any] = {"name": name, "account": account, "remote": found.id, "collection": collection}
    values |= {"owner": owner} if owner else {}
    values |= {"kinds": sorted(kinds or found.kinds), "direction": _direction(found, direction)}
    values |= {"prefer": prefer} | ({"paused": True} if paused else {})
    config_file.add(workspace.loaded, "bindings", values)
    say(
        _("Bound {remote} at {account} to {collection}.").format(
            remote=found.name, account=account, collection=collection
        )
    )
    say(
        _('Next: agendahub plan "{name}" shows what a sync would do; a running daemon starts by itself.').format(
            name=name
        )
    )


def _known_user(workspace: Workspace, name: str) -> None:
    from storage.admin_people import find_user

    with workspace.database.read() as unit:
        if find_user(unit.session.connection, name) is None:
            hint = _("There is no user {name}; add one first with `agendahub user add {name}`.")
            raise Failure(hint.format(name=name))


def _remote(workspace: Workspace, account: str, remote: str) -> RemoteCollection:
    from agendahub.remotes import find_remote

    connector = workspace.connector(workspace.account(account))
    try:
        return find_remote(connector, remote, account)
    finally:
        connector.close()


def _direction(found: RemoteCollection, direction: str) -> str:
    if not found.read_only or direction == "in":
        return direction
    if direction == "out":
        raise Failure(_("{name} is read only at the account, so nothing can be written there.").format(name=found.name))
    say(_("{name} is read only at the account: the binding carries changes in only.").format(name=found.name))
    return "in"


@group.command(
    "list",
    help=_("Show all bindings."),
    epilog=examples("agendahub binding list", "agendahub binding list --json"),
)
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    rows = [binding.model_dump(mode="json") for binding in workspace_of(context).settings.bindings]
    columns = {
        "name": _("Binding"),
        "account": _("Account"),
        "remote": _("Remote"),
        "collection": _("Collection"),
        "kinds": _("Carries"),
        "direction": _("Direction"),
        "paused": _("Paused"),
    }
    listing(rows, columns, as_json=as_json, empty=_("No bindings yet; add one with `agendahub binding add`."))


@group.command(
    help=_("Leave a binding alone until it is resumed; only `agendahub sync NAME` still works on it."),
    epilog=examples('agendahub binding pause "work agenda"'),
)
def pause(context: typer.Context, name: BindingName) -> None:
    _set_paused(context, name, paused=True)
    say(_("{name} is paused.").format(name=name))


@group.command(help=_("Go on with a paused binding."), epilog=examples('agendahub binding resume "work agenda"'))
def resume(context: typer.Context, name: BindingName) -> None:
    _set_paused(context, name, paused=False)
    say(_("{name} goes on.").format(name=name))


def _set_paused(context: typer.Context, name: str, *, paused: bool) -> None:
    from agendahub import config_file

    workspace = workspace_of(context)
    _not_of_a_fanout(workspace, name)
    if workspace.binding(name).paused != paused:
        config_file.change(workspace.loaded, "bindings", name, "paused", paused)


def _not_of_a_fanout(workspace: Workspace, name: str) -> None:
    """Raises Failure for a name that stands in no file."""
    from agendahub.fanout import FanoutBinding

    binding = workspace.binding(name)
    if isinstance(binding, FanoutBinding):
        hint = _("{name} belongs to the fan-out {fanout}; to leave this mailbox out, put {address} into its `except`.")
        raise Failure(hint.format(name=name, fanout=binding.fanout, address=binding.address))


@group.command(
    help=_("Untie a binding. Items stay on both sides; bound again, they are matched and not doubled."),
    epilog=examples('agendahub binding remove "work agenda"'),
)
def remove(context: typer.Context, name: BindingName) -> None:
    from agendahub import config_file
    from agendahub.forgetting import forget

    workspace = workspace_of(context)
    _not_of_a_fanout(workspace, name)
    config_file.remove(workspace.loaded, ("bindings", name))
    forget(workspace, name)
    say(_("Removed {name}. No item was touched on either side.").format(name=name))


@group.command(
    help=_("Let deletions that are held now (or an emptied collection) pass, once; see `agendahub held show` first."),
    epilog=examples('agendahub held show "work agenda"', 'agendahub binding approve "work agenda"'),
)
def approve(context: typer.Context, name: BindingName) -> None:
    from agendahub.held import Asked, approve_held
    from agendahub.restoring import ADMIN
    from agendahub.workspace import utc_now

    workspace = workspace_of(context)
    workspace.binding(name)
    with workspace.database.begin() as unit:
        held = approve_held(unit, Asked(name), ADMIN, utc_now())
    done = plural(
        "{count} held deletion passes in the next cycle.", "{count} held deletions pass in the next cycle.", held
    )
    say(done)
