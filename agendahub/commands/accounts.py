"""agendahub account add|list|test|secret|remove; `account_sign_in` has sign-in and sign-out"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.commands import account_sign_in
from agendahub.context import AsJson, Yes, examples, sure, workspace_of
from agendahub.failure import Failure
from agendahub.output import console, listing, say
from agendahub.steps_shown import show_steps
from agendahub.texts import _

if TYPE_CHECKING:
    from agendahub.new_account import NewAccount
    from agendahub.workspace import Workspace

group = typer.Typer(no_args_is_help=True)

SecretFrom = Annotated[
    str,
    typer.Option(
        metavar="REFERENCE",
        help=_(
            "Where the password is: env:NAME or file:PATH. Without it you are asked, or it is read from standard input."
        ),
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    account_sign_in.add_to(group)
    app.add_typer(group, name="account", help=_("Logins at outside systems."))


@group.command(
    help=_("Add an account. Its password is asked for without echo (or read from standard input) and kept encrypted."),
    epilog=examples(
        "agendahub account add work --url https://dav.example.org --username ada",
        "pass show work | agendahub account add work --url https://dav.example.org --username ada",
        "agendahub account add work --url https://dav.example.org --username ada --secret-from env:WORK_PASSWORD",
        "agendahub account add office --connector microsoft365",
        "agendahub account add gmail --connector google_workspace --secret-from file:client_secret.json",
        "agendahub account add mail --connector exchange --auth ntlm --username 'OFFICE\\ada' "
        "--url https://mail.example.org/EWS/Exchange.asmx",
        "agendahub account add support --connector imap --url imaps://mail.example.org --username support@example.org",
        "agendahub account add out --connector smtp --url smtps://mail.example.org --username support@example.org",
        "agendahub account add all --connector microsoft365 --auth app --tenant example.org --client-id 1b2c... "
        "--certificate file:app.pem --mailbox ada@example.org",
    ),
)
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("What you call it."))],
    url: Annotated[str, typer.Option(help=_("The server, or just its domain: https://example.org."))] = "",
    username: Annotated[str, typer.Option(help=_("Who signs in."))] = "",
    secret_from: SecretFrom = "",
    connector: Annotated[
        str, typer.Option(help=_("Which kind of system: dav, exchange, google_workspace, microsoft365; imap or smtp."))
    ] = "dav",
    auth: Annotated[str, typer.Option(help=_("basic, digest, bearer, ntlm, desktop, device, web or app."))] = "",
    mailbox: Annotated[str, typer.Option(help=_("Whose mailbox, by its address; else that of who signs in."))] = "",
    zone: Annotated[str, typer.Option(help=_("Time zone for events that name none, such as Europe/Prague."))] = "",
    tenant: Annotated[str, typer.Option(help=_("Microsoft's directory: its id or domain."))] = "",
    client_id: Annotated[str, typer.Option(help=_("Of the app that you registered there."))] = "",
    certificate: Annotated[
        str, typer.Option(metavar="REFERENCE", help=_("The app's key and certificate (PEM): env:NAME or file:PATH."))
    ] = "",
    authority: Annotated[
        str, typer.Option(help=_("Where to sign in, if not at Google or Microsoft's public cloud."))
    ] = "",
    ca_file: Annotated[str, typer.Option(help=_("Your own certificate authority (PEM)."))] = "",
) -> None:
    from agendahub.new_account import NewAccount
    from storage import secrets

    workspace = workspace_of(context)
    if workspace.settings.account(name):
        raise Failure(
            _("There is an account {name} already; remove it first or choose another name.").format(name=name)
        )
    _known_connector(connector)
    secrets.read_key(workspace.loaded.key_file)
    files = {"certificate": _from_here(certificate, "file:"), "ca_file": _from_here(ca_file)}
    more = {"mailbox": mailbox, "zone": zone, "tenant": tenant, "client_id": client_id, "authority": authority}
    account = NewAccount(name, connector, url, username, auth, **more, **files, secret=_from_here(secret_from, "file:"))
    _store(workspace, account)
    _tell_zone(account, given=zone)
    say(_what_next(account).format(name=name, quoted=quote(name)))


def _what_next(account: NewAccount) -> str:
    """A sentence with {name} and {quoted}."""
    from config.mail_accounts import MAIL_ONLY

    if account.connector in MAIL_ONLY:
        way = "--send-through" if account.connector == "smtp" else "--account"
        hint = _("Added {name}. Next: agendahub account test {quoted}, then agendahub mailbox add ... {way} {quoted}.")
        return hint.replace("{way}", way)
    if account.auth in {"desktop", "device", "web"}:
        return _("Added {name}. Next: agendahub account sign-in {quoted}")
    return _("Added {name}. Next: agendahub account test {quoted}, then agendahub collections {quoted}.")


def _store(workspace: Workspace, account: NewAccount) -> None:
    """Ask for what is missing, check it all, write it to the configuration; a secret goes to the store."""
    from agendahub import config_file
    from agendahub.new_account import ask_for_the_rest, secret_of

    ask_for_the_rest(account)
    config_file.check_entry(workspace.loaded, "accounts", account.values() | {"secret": account.secret or "store:x"})
    secret = secret_of(account)
    account.secret = account.secret or (f"store:{account.name}" if secret else "")
    config_file.add(workspace.loaded, "accounts", account.values())
    if secret:
        workspace.put_secret(account.name, secret)


def _tell_zone(account: NewAccount, given: str) -> None:
    """If nobody said it on the command line."""
    from agendahub.account_zone import MICROSOFT, what_it_means, what_to_do

    if account.connector not in MICROSOFT or given:
        return
    if not account.zone:
        told = f"{what_it_means(account.name, account.connector)} {what_to_do()}"
        console(error=True).print(told, markup=False, soft_wrap=True)
        return
    say(_("Times that name no zone are {zone} for {name}.").format(name=account.name, zone=account.zone))


def _from_here(written: str, way: str = "") -> str:
    """A path on the command line is seen from where the command runs, one in the configuration from its folder."""
    from pathlib import Path

    path = written.removeprefix(way)
    return f"{way}{Path(path).expanduser().absolute()}" if path and written.startswith(way) else written


def _known_connector(name: str) -> None:
    from config.mail_accounts import MAIL_ONLY
    from connectors.registry import CONNECTORS

    if name not in {*CONNECTORS, *MAIL_ONLY}:
        known = ", ".join(sorted({*CONNECTORS, *MAIL_ONLY} - {"memory"}))  # which is for trying out: it keeps nothing
        raise Failure(_("There is no connector {name}; choose one of {known}.").format(name=name, known=known))


@group.command(
    "list",
    help=_("Show all accounts and how they are."),
    epilog=examples("agendahub account list", "agendahub account list --json"),
)
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    workspace = workspace_of(context)
    states = _states(workspace)
    rows = [
        {
            "name": account.name,
            "connector": account.connector,
            "url": account.url,
            "username": account.username,
            "secret": account.secret,
            "auth": account.auth,
            "mailbox": account.mailbox,
            "zone": account.zone,
            "state": states.get(account.name, ("new", ""))[0],
            "detail": states.get(account.name, ("new", ""))[1],
        }
        for account in workspace.settings.accounts
    ]
    columns = {
        "name": _("Account"),
        "url": _("Server"),
        "username": _("User"),
        "mailbox": _("Mailbox"),
        "state": _("State"),
        "detail": "",
    }
    listing(rows, columns, as_json=as_json, empty=_("No accounts yet; add one with `agendahub account add`."))


def _states(workspace: Workspace) -> dict[str, tuple[str, str]]:
    from storage.admin_config import account_states

    with workspace.database.read() as unit:
        return account_states(unit.session.connection)


@group.command(
    "test",
    help=_("Try an account step by step, from the server's name to writing and deleting a probe; says what to do."),
    epilog=examples(
        "agendahub account test work",
        "agendahub account test work --collection Agenda",
        "agendahub account test office --write",
    ),
)
def try_account(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("The account."))],
    collection: Annotated[str, typer.Option(help=_("Where to write the probe; at imap the folder to read."))] = "",
    write: Annotated[
        bool | None, typer.Option("--write/--read-only", help=_("Write a probe? Else only into DAV servers."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    from agendahub.trying import steps_of

    workspace = workspace_of(context)
    show_steps(steps_of(workspace, workspace.account(name), collection, write), as_json=as_json)


@group.command(
    help=_("Give an account a new password; what was synced stays as it is, nothing is read again."),
    epilog=examples("agendahub account secret work", "agendahub account secret all --certificate app.pem"),
)
def secret(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("The account."))],
    certificate: Annotated[
        str, typer.Option(metavar="FILE", help=_("Instead: the key and the certificate of its app (PEM)."))
    ] = "",
) -> None:
    from pathlib import Path

    from agendahub.secret_input import read_document, read_secret
    from config.sign_in import GOOGLE

    workspace = workspace_of(context)
    account = workspace.account(name)
    where = account.certificate if certificate else account.secret
    way, _colon, stored = where.partition(":")
    if way != "store":
        what = _("certificate") if certificate else _("password")
        if not where:
            raise Failure(_("Account {name} has no {what} that could be changed.").format(name=name, what=what))
        hint = _("The {what} of {name} is not in the store but in {where}; change it there.")
        raise Failure(hint.format(what=what, name=name, where=where))
    asked = _("Password for {user}").format(user=account.username or name)
    read = read_document if account.connector == GOOGLE else read_secret
    workspace.put_secret(stored, Path(certificate).read_text("utf-8") if certificate else read(asked))
    say(_("Done. A running daemon uses it at its next try."))


@group.command(
    help=_(
        "Forget an account and its bindings. Items stay, in the hub and at the server; added again, they are matched."
    ),
    epilog=examples("agendahub account remove work"),
)
def remove(
    context: typer.Context, name: Annotated[str, typer.Argument(help=_("The account."))], yes: Yes = False
) -> None:
    from agendahub import config_file
    from agendahub.forgetting import forget
    from agendahub.kept_tokens import name_of
    from agendahub.push_farewell import farewell
    from storage import secrets
    from storage.admin_config import forget_account

    workspace = workspace_of(context)
    account = workspace.account(name)
    bound = [binding.name for binding in workspace.settings.bindings if binding.account == name]
    if bound:
        sure(_("This also removes the bindings {names}. Go on?").format(names=", ".join(bound)), yes=yes)
    farewell(workspace, account)
    config_file.remove(workspace.loaded, *(("bindings", binding) for binding in bound), ("accounts", name))
    for binding in bound:
        forget(workspace, binding)
    with workspace.database.begin() as unit:
        forget_account(unit.session.connection, name)
        for reference in (account.secret, account.certificate, f"store:{name_of(name)}"):
            if reference.startswith("store:"):
                secrets.remove(unit.session.connection, reference.removeprefix("store:"))
    say(_("Removed {name}. No item was touched on either side.").format(name=name))
