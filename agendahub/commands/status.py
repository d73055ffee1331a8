"""agendahub status"""

from __future__ import annotations

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.output import as_data, listing, print_json, say
from agendahub.texts import _


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_("Show how every binding is: ok only if its last cycle finished. Exit code 1 if something needs you."),
        epilog=examples("agendahub status", "agendahub status --json"),
    )(status)


def status(context: typer.Context, as_json: AsJson = False) -> None:
    from agendahub.health import health_of
    from agendahub.workspace import utc_now
    from storage.admin_config import account_states
    from storage.admin_history import runs
    from storage.admin_holds import holds
    from storage.admin_lists import bindings

    workspace = workspace_of(context)
    with workspace.database.read() as unit:
        connection = unit.session.connection
        rows = {row.name: row for row in bindings(connection)}
        held, last_runs, accounts = holds(connection), runs(connection, 20), account_states(connection)
    found = health_of(workspace.settings, rows, accounts, utc_now())
    if as_json:
        print_json({"bindings": found, "held": held, "runs": last_runs})
    else:
        _show(found, held)
    if not all(health.is_well for health in found):
        raise typer.Exit(1)


def _show(found: list, held: list) -> None:  # type: ignore[type-arg]
    columns = {
        "binding": _("Binding"),
        "state": _("State"),
        "last_ok_at": _("Last finished"),
        "last_change_in_at": _("Last change in"),
        "last_change_out_at": _("Last change out"),
        "links": _("Items"),
        "waiting": _("Waiting"),
        "conflicts": _("Conflicts"),
        "quarantined": _("Quarantine"),
    }
    listing(found, columns, as_json=False, empty=_("No bindings yet; add one with `agendahub binding add`."))
    for health in found:
        if health.detail:
            say(f"{health.binding}: {health.detail}")
    for hold in held:
        say(
            _('{binding}: {reason} ({samples}); agendahub held show "{binding}"').format(
                **as_data(hold) | {"samples": ", ".join(hold.samples)}
            )
        )
