"""agendahub doctor"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, Options, examples
from agendahub.output import as_data, console, print_json
from agendahub.texts import _, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agendahub.check import Check
    from agendahub.workspace import Workspace
    from config.settings import AccountSettings


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_("Look for what could be wrong with this installation, and say what to do."),
        epilog=examples("agendahub doctor", "agendahub doctor --accounts"),
    )(doctor)


def doctor(
    context: typer.Context,
    accounts: Annotated[
        bool, typer.Option("--accounts", help=_("Also ask every account for its collections."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    from agendahub.checks import check_all

    assert isinstance(context.obj, Options)
    workspace = context.obj.workspace(checked=False)
    found = list(check_all(workspace)) + (list(_accounts(workspace)) if accounts else [])
    if as_json:
        print_json([as_data(check) for check in found])
    else:
        for check in found:
            _show(check)
    if not all(check.ok for check in found):
        raise typer.Exit(1)


def _accounts(workspace: Workspace) -> Iterator[Check]:
    from agendahub.check import Check
    from agendahub.failure import Failure
    from agendahub.outcome import in_words
    from sync_engine.errors import SyncError

    for account in workspace.settings.accounts:
        try:
            found = _reached(workspace, account)
        except (SyncError, Failure) as err:
            yield Check(account.name, False, account.url, in_words(err))
        else:
            yield Check(account.name, True, found)


def _reached(workspace: Workspace, account: AccountSettings) -> str:
    from config.mail_accounts import MAIL_ONLY

    if account.auth == "app" and not account.mailbox:
        from agendahub.signing_in import try_app

        try_app(workspace, account)
        return _("signs in, for fan-outs: it names no mailbox of its own")
    if account.connector in MAIL_ONLY:
        from connectors.mail_probe import signed_in

        return signed_in(workspace.connector_settings(account), account.connector)
    connector = workspace.connector(account)
    try:
        return plural("{count} collection", "{count} collections", len(connector.collections()))
    finally:
        connector.close()


def _show(check: Check) -> None:
    mark = _("ok    ") if check.ok else _("CHECK ")
    console().print(f"{mark}  {check.name}: {check.detail}", markup=False)
    if not check.ok and check.advice:
        console().print(f"        {check.advice}", markup=False)
