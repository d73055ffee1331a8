"""agendahub group list|add|remove|put|take"""

from __future__ import annotations

from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.output import listing, say
from agendahub.texts import _

commands = typer.Typer(no_args_is_help=True)
GroupName = Annotated[str, typer.Argument(metavar="GROUP", help=_("The name of a group."))]
Users = Annotated[list[str], typer.Argument(metavar="USER...", help=_("Names of users."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(commands, name="group", help=_("Groups of users, who share requests and roles."))


@commands.command("list", help=_("Show all groups."), epilog=examples("agendahub group list"))
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from crm import people
    from crm.actor import ADMIN

    with workspace_of(context).database.read() as unit:
        rows = people.groups(unit, ADMIN)
    columns = {"name": _("Group"), "members": _("Users"), "roles": _("Roles")}
    listing(rows, columns, as_json=as_json, empty=_("No groups yet; make one with `agendahub group add`."))


@commands.command(help=_("Make a group."), epilog=examples("agendahub group add sales"))
def add(context: typer.Context, group: GroupName) -> None:
    from crm import people
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        people.create_group(unit, ADMIN, group)
    say(_("Made the group {group}. Next: agendahub group put {group} USER.").format(group=group))


@commands.command(
    help=_("Remove a group; its users lose the roles that it gave."), epilog=examples("agendahub group remove sales")
)
def remove(context: typer.Context, group: GroupName) -> None:
    from crm import people
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        people.remove_group(unit, ADMIN, group)
    say(_("Removed the group {group}.").format(group=group))


@commands.command(help=_("Put users into a group."), epilog=examples("agendahub group put sales ada bob"))
def put(context: typer.Context, group: GroupName, users: Users) -> None:
    from crm import people
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        for user in users:
            people.add_member(unit, ADMIN, group, user)
    say(_("In the group {group}: {users}.").format(group=group, users=", ".join(users)))


@commands.command(help=_("Take users out of a group."), epilog=examples("agendahub group take sales bob"))
def take(context: typer.Context, group: GroupName, users: Users) -> None:
    from crm import people
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        for user in users:
            people.remove_member(unit, ADMIN, group, user)
    say(_("Not in the group {group} any more: {users}.").format(group=group, users=", ".join(users)))
