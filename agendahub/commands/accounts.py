"""agendahub account add|list|test|secret|remove"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, Yes, examples, sure, workspace_of
from agendahub.failure import Failure
from agendahub.output import console, listing, print_json, say
from agendahub.texts import _

if TYPE_CHECKING:
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
    app.add_typer(group, name="account", help=_("Logins at outside systems."))


@group.command(
    help=_("Add an account. Its password is asked for without echo (or read from standard input) and kept encrypted."),
    epilog=examples(
        "agendahub account add work --url https://dav.example.org --username ada",
        "pass show work | agendahub account add work --url https://dav.example.org --username ada",
        "agendahub account add work --url https://dav.example.org --username ada --secret-from env:WORK_PASSWORD",
    ),
)
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("What you call it."))],
    url: Annotated[str, typer.Option(help=_("The server, or just its domain: https://example.org."))],
    username: Annotated[str, typer.Option(help=_("Who signs in."))] = "",
    secret_from: SecretFrom = "",
    connector: Annotated[str, typer.Option(help=_("Which kind of system."))] = "dav",
    auth: Annotated[str, typer.Option(help=_("basic, digest or bearer."))] = "basic",
    ca_file: Annotated[str, typer.Option(help=_("Your own certificate authority (PEM)."))] = "",
) -> None:
    from agendahub import config_file
    from agendahub.secret_input import read_secret
    from storage import secrets

    workspace = workspace_of(context)
    if workspace.settings.account(name):
        raise Failure(
            _("There is an account {name} already; remove it first or choose another name.").format(name=name)
        )
    _known_connector(connector)
    secrets.read_key(workspace.loaded.key_file)
    secret_from = _from_here(secret_from, "file:")
    optional = {"username": username, "auth": "" if auth == "basic" else auth, "ca_file": _from_here(ca_file)}
    values = {"name": name, "connector": connector, "url": url, **{k: v for k, v in optional.items() if v}}
    secret = "" if secret_from or not username else read_secret(_("Password for {user}").format(user=username))
    reference = secret_from or (f"store:{name}" if secret else "")
    config_file.add(workspace.loaded, "accounts", values | ({"secret": reference} if reference else {}))
    if secret:
        workspace.put_secret(name, secret)
    say(_("Added {name}. Next: agendahub account test {name}, then agendahub collections {name}.").format(name=name))


def _from_here(written: str, way: str = "") -> str:
    """A path on the command line is seen from where the command runs, one in the configuration from its folder."""
    from pathlib import Path

    path = written.removeprefix(way)
    return f"{way}{Path(path).expanduser().absolute()}" if path and written.startswith(way) else written


def _known_connector(name: str) -> None:
    from connectors.registry import CONNECTORS

    if name not in CONNECTORS:
        known = ", ".join(sorted(set(CONNECTORS) - {"memory"}))  # which is for trying things out: it keeps nothing
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
            "state": states.get(account.name, ("new", ""))[0],
            "detail": states.get(account.name, ("new", ""))[1],
        }
        for account in workspace.settings.accounts
    ]
    columns = {"name": _("Account"), "url": _("Server"), "username": _("User"), "state": _("State"), "detail": ""}
    listing(rows, columns, as_json=as_json, empty=_("No accounts yet; add one with `agendahub account add`."))


def _states(workspace: Workspace) -> dict[str, tuple[str, str]]:
    from storage.admin_config import account_states

    with workspace.database.read() as unit:
        return account_states(unit.session.connection)


@group.command(
    "test",
    help=_("Try an account step by step, from the server's name to writing and deleting a probe; says what to do."),
    epilog=examples("agendahub account test work", "agendahub account test work --collection Agenda"),
)
def try_account(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("The account."))],
    collection: Annotated[str, typer.Option(help=_("Where to write the probe; else the first that takes it."))] = "",
    as_json: AsJson = False,
) -> None:
    from connectors.dav.probe import probe

    workspace = workspace_of(context)
    account = workspace.account(name)
    if account.connector != "dav":
        raise Failure(_("Only dav accounts can be tested step by step."))
    steps = []
    for step in probe(workspace.connector_settings(account), collection):
        steps.append({"name": step.name, "ok": step.ok, "detail": step.detail, "advice": step.advice})
        if not as_json:
            _show_step(steps[-1])
    if as_json:
        print_json(steps)
    if not all(step["ok"] for step in steps):
        raise typer.Exit(1)


def _show_step(step: dict[str, object]) -> None:
    mark = _("ok    ") if step["ok"] else _("FAILED")
    console().print(f"{mark}  {step['name']}: {step['detail']}", markup=False)
    if step["advice"]:
        console().print(f"        {step['advice']}", markup=False)


@group.command(
    help=_("Give an account a new password; what was synced stays as it is, nothing is read again."),
    epilog=examples("agendahub account secret work"),
)
def secret(context: typer.Context, name: Annotated[str, typer.Argument(help=_("The account."))]) -> None:
    from agendahub.secret_input import read_secret

    workspace = workspace_of(context)
    account = workspace.account(name)
    way, _colon, stored = account.secret.partition(":")
    if way != "store":
        hint = _("The password of {name} is not in the store but in {where}; change it there.")
        raise Failure(hint.format(name=name, where=account.secret or _("no place")))
    workspace.put_secret(stored, read_secret(_("Password for {user}").format(user=account.username)))
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
    from storage import secrets
    from storage.admin_config import forget_account

    workspace = workspace_of(context)
    account = workspace.account(name)
    bound = [binding.name for binding in workspace.settings.bindings if binding.account == name]
    if bound:
        sure(_("This also removes the bindings {names}. Go on?").format(names=", ".join(bound)), yes=yes)
    config_file.remove(workspace.loaded, *(("bindings", binding) for binding in bound), ("accounts", name))
    for binding in bound:
        forget(workspace, binding)
    with workspace.database.begin() as unit:
        forget_account(unit.session.connection, name)
        if account.secret.startswith("store:"):
            secrets.remove(unit.session.connection, account.secret.removeprefix("store:"))
    say(_("Removed {name}. No item was touched on either side.").format(name=name))
