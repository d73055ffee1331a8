"""agendahub user add|list|block|unblock|set-address|set-password"""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)
UserName = Annotated[str, typer.Argument(help=_("The user's name, as typed on a phone."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="user", help=_("People who connect phones and programs."))


@group.command(
    help=_("Add a user. Devices sign in with app passwords of their own: `agendahub device add`."),
    epilog=examples('agendahub user add ada --name "Ada Lovelace"'),
)
def add(
    context: typer.Context,
    user: UserName,
    name: Annotated[str, typer.Option(help=_("The name that others see."))] = "",
) -> None:
    from agendahub.workspace import utc_now
    from crm import audit
    from crm.actor import ADMIN
    from storage.admin_people import add_user

    if not user or any(c in "/:\\~" or not c.isprintable() for c in user) or user != user.strip() or len(user) > 100:
        raise Failure(_("A user's name has 1 to 100 characters, none of them / : \\ ~ or a control character."))
    with workspace_of(context).database.begin() as unit:
        add_user(unit.session.connection, user, name or user, utc_now())
        audit.note(unit, ADMIN, "user.edit", f"user {user}", "added")
    typed = shlex.quote(user)
    told = _("Added {user}. Next: agendahub device add {typed} DEVICE, or for the web page:")
    say(told.format(user=user, typed=typed))
    say(f"agendahub user set-password {typed}")


@group.command(
    "list",
    help=_("Show all users."),
    epilog=examples("agendahub user list", "agendahub user list --json"),
)
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from storage.admin_people import users

    with workspace_of(context).database.read() as unit:
        rows = users(unit.session.connection)
    columns = {"name": _("User"), "display_name": _("Name"), "address": _("Address"), "blocked": _("Blocked")}
    listing(rows, columns, as_json=as_json, empty=_("No users yet; add one with `agendahub user add`."))


@group.command(
    "set-address",
    help=_("Say which address of mail is a user's: his mails are known by it, and what he takes part in. - for none."),
    epilog=examples("agendahub user set-address ada ada@example.org", "agendahub user set-address ada -"),
)
def set_address(
    context: typer.Context,
    user: UserName,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help=_("His address, or - for none."))],
) -> None:
    from crm import people
    from crm.actor import ADMIN

    wanted = "" if address == "-" else address
    with workspace_of(context).database.begin() as unit:
        people.set_address(unit, ADMIN, user, wanted)
    say(_("{user}: {address}").format(user=user, address=wanted.lower() or _("no address")))


@group.command(
    "set-password",
    help=_("Give a user a password for the web pages, where he adds devices himself. He is signed out everywhere."),
    epilog=examples("agendahub user set-password ada", "pwgen 20 1 | agendahub user set-password ada"),
)
def set_password(context: typer.Context, user: UserName) -> None:
    from agendahub.addresses import base_url
    from agendahub.secret_input import read_secret
    from crm import audit
    from crm.actor import ADMIN
    from storage import web_passwords, web_sessions

    workspace = workspace_of(context)
    password = read_secret(_("New password of {user}").format(user=user))
    if web_passwords.weakness(password, user):
        told = _("A password has {shortest} to {longest} characters and is not too simple; nothing was changed.")
        raise Failure(told.format(shortest=web_passwords.SHORTEST, longest=web_passwords.LONGEST))
    hashed = web_passwords.hash_of(password)
    with workspace.database.begin() as unit:
        web_sessions.set_password(unit.session.connection, user, hashed)
        audit.note(unit, ADMIN, "user.edit", f"user {user}", "new password for the web pages")
    url = base_url(workspace.settings.server)
    say(_("{user} can sign in at {url}sign-in and add devices there.").format(user=user, url=url))


@group.command(
    help=_("Refuse all of a user's devices and tokens from now on."), epilog=examples("agendahub user block ada")
)
def block(context: typer.Context, user: UserName) -> None:
    _set(context, user, blocked=True)
    say(_("{user} is blocked.").format(user=user))


@group.command(
    help=_("Let a blocked user's devices and tokens in again."), epilog=examples("agendahub user unblock ada")
)
def unblock(context: typer.Context, user: UserName) -> None:
    _set(context, user, blocked=False)
    say(_("{user} may connect again.").format(user=user))


def _set(context: typer.Context, user: str, *, blocked: bool) -> None:
    from crm import audit
    from crm.actor import ADMIN
    from storage.admin_people import set_blocked

    with workspace_of(context).database.begin() as unit:
        set_blocked(unit.session.connection, user, blocked=blocked)
        audit.note(unit, ADMIN, "user.edit", f"user {user}", "blocked" if blocked else "not blocked any more")
