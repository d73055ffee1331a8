"""agendahub token add|list|revoke"""

from __future__ import annotations

from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.output import as_data, listing, print_json, say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)
TokenName = Annotated[str, typer.Argument(metavar="NAME", help=_("What you call the program that uses it."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="token", help=_("Tokens for programs that use the API (docs/api.md)."))


@group.command(
    help=_("Make a token. It is shown only now, and lets its owner do all that the API can, or what the user may."),
    epilog=examples(
        "agendahub token add monitoring --read-only",
        "agendahub token add helpdesk --json",
        "agendahub token add ada-laptop --user ada",
    ),
)
def add(
    context: typer.Context,
    name: TokenName,
    read_only: Annotated[bool, typer.Option("--read-only", help=_("It may look and change nothing."))] = False,
    user: Annotated[str, typer.Option(help=_("It acts for this user and may what his roles give him."))] = "",
    as_json: AsJson = False,
) -> None:
    from agendahub.addresses import base_url
    from agendahub.workspace import utc_now
    from crm import audit
    from crm.actor import ADMIN
    from storage import app_passwords
    from storage.admin_people import user_id
    from storage.api_tokens import add_token

    workspace = workspace_of(context)
    shown, hashed = app_passwords.new()
    access = "read" if read_only else "write"
    with workspace.database.begin() as unit:
        owner = user_id(unit.session.connection, user) if user else None
        number = add_token(unit.session.connection, name, access, hashed, utc_now(), owner)
        audit.note(unit, ADMIN, "user.edit", f"token {name}", f"made for {user}" if user else "made for a program")
    url = f"{base_url(workspace.settings.server).rstrip('/')}/api/v1/"
    if as_json:
        print_json({"id": number, "name": name, "user": user, "access": access, "url": url, "token": shown})
        return
    say(_("Address: {url}").format(url=url))
    say(_("Token:   {token}   (shown only now)").format(token=shown))


@group.command(
    "list",
    help=_("Show tokens, when each was last used, and which are revoked."),
    epilog=examples("agendahub token list", "agendahub token list --json"),
)
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from storage.admin_people import users
    from storage.api_tokens import tokens

    with workspace_of(context).database.read() as unit:
        names = {user.id: user.name for user in users(unit.session.connection)}
        found = tokens(unit.session.connection)
    rows = [as_data(token) | {"user": names.get(token.user_id or 0, "")} for token in found]
    columns = {
        "name": _("Token"),
        "user": _("For"),
        "access": _("May"),
        "created_at": _("Made"),
        "last_used_at": _("Last used"),
        "revoked_at": _("Revoked"),
    }
    listing(rows, columns, as_json=as_json, empty=_("No tokens yet; make one with `agendahub token add`."))


@group.command(help=_("Refuse a token from now on."), epilog=examples("agendahub token revoke helpdesk"))
def revoke(context: typer.Context, name: TokenName) -> None:
    from agendahub.workspace import utc_now
    from crm import audit
    from crm.actor import ADMIN
    from storage.api_tokens import revoke_token

    with workspace_of(context).database.begin() as unit:
        revoke_token(unit.session.connection, name, utc_now())
        audit.note(unit, ADMIN, "user.edit", f"token {name}", "revoked")
    say(_("Token {name} is revoked.").format(name=name))
