"""agendahub serve"""

from __future__ import annotations

import typer

from agendahub.context import Options, examples
from agendahub.texts import _


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_(
            "Run the daemon: keep all bindings in step and serve phones and programs, until it is stopped (Ctrl-C)."
        ),
        epilog=examples("agendahub serve", "agendahub --config /etc/agendahub/agendahub.toml serve"),
    )(serve)


def serve(context: typer.Context) -> None:
    from agendahub.server import run

    options = context.obj
    assert isinstance(options, Options)
    run(options.workspace(checked=False))  # it waits for a store that is not up yet
