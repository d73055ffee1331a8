"""agendahub role list|show|give|take|add|set|remove"""

from __future__ import annotations

from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, print_json, say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help=_("The name of a role: operator."))]
User = Annotated[str, typer.Option(help=_("To or from this user."))]
Group = Annotated[str, typer.Option(help=_("To or from all of this group."))]
Rights = Annotated[
    list[str], typer.Argument(metavar="RIGHT=SCOPE", help=_("request.close=own; scopes: all, group, own, part."))
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="role", help=_("What users may do with customer requests (docs/rights.md)."))


@group.command("list", help=_("Show all roles and who has them."), epilog=examples("agendahub role list"))
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from crm import people, roles
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        roles.seed(unit)
        users, groups = people.users(unit, ADMIN), people.groups(unit, ADMIN)
        rows = [
            {
                "name": role.name,
                "builtin": role.builtin,
                "users": [user.name for user in users if role.name in user.roles],
                "groups": [found.name for found in groups if role.name in found.roles],
            }
            for role in roles.roles(unit, ADMIN)
        ]
    columns = {"name": _("Role"), "builtin": _("Built in"), "users": _("Users"), "groups": _("Groups")}
    listing(rows, columns, as_json=as_json, empty=_("No roles."))


@group.command(help=_("Show what a role gives."), epilog=examples("agendahub role show operator"))
def show(context: typer.Context, role: RoleName, as_json: AsJson = False) -> None:
    from crm import roles
    from crm.actions import ACTIONS
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        roles.known_role(unit, role)
        found = next(known for known in roles.roles(unit, ADMIN) if known.name == role)
    if as_json:
        print_json(found)
        return
    rows = [{"right": name, "scope": found.rights.get(name, "-"), "what": told} for name, told in ACTIONS.items()]
    columns = {"right": _("Right"), "scope": _("For"), "what": _("What it lets do")}
    listing(rows, columns, as_json=False, empty="")


@group.command(help=_("Give a role to a user or a group."), epilog=examples("agendahub role give operator --user ada"))
def give(context: typer.Context, role: RoleName, user: User = "", group: Group = "") -> None:
    from crm import roles
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        roles.give(unit, ADMIN, role, user=user, group=group)
    say(_("{who} has the role {role}.").format(who=user or group, role=role))


@group.command(
    help=_("Take a role from a user or a group."), epilog=examples("agendahub role take operator --user ada")
)
def take(context: typer.Context, role: RoleName, user: User = "", group: Group = "") -> None:
    from crm import roles
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        roles.take(unit, ADMIN, role, user=user, group=group)
    say(_("{who} does not have the role {role} any more.").format(who=user or group, role=role))


@group.command(
    help=_("Make a role of your own."),
    epilog=examples("agendahub role add desk request.read=group request.status=own agenda.read=all"),
)
def add(context: typer.Context, role: RoleName, rights: Rights) -> None:
    from crm import roles
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        roles.create_role(unit, ADMIN, role, _rights(rights))
    say(_("Made the role {role}.").format(role=role))


@group.command(
    "set",
    help=_("Say anew what a role of your own gives: these rights and no others."),
    epilog=examples("agendahub role set desk request.read=all"),
)
def set_(context: typer.Context, role: RoleName, rights: Rights) -> None:
    from crm import roles
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        roles.change_role(unit, ADMIN, role, _rights(rights))
    say(_("Changed the role {role}.").format(role=role))


@group.command(help=_("Remove a role of your own that nobody has."), epilog=examples("agendahub role remove desk"))
def remove(context: typer.Context, role: RoleName) -> None:
    from crm import roles
    from crm.actor import ADMIN

    with workspace_of(context).database.begin() as unit:
        roles.remove_role(unit, ADMIN, role)
    say(_("Removed the role {role}.").format(role=role))


def _rights(written: list[str]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in written]
    if wrong := [pair for pair, (_name, sign, scope) in zip(written, pairs, strict=True) if not sign or not scope]:
        raise Failure(_("{wrong} must be RIGHT=SCOPE: request.close=own.").format(wrong=", ".join(wrong)))
    return {name: scope for name, _sign, scope in pairs}
