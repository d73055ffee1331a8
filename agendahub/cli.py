"""The command line. Each group of commands is a file in `agendahub.commands`; this one puts them together."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from agendahub.commands import (
    accounts,
    apply,
    bindings,
    collection_settings,
    collections,
    conflicts,
    data,
    db,
    devices,
    doctor,
    fanouts,
    groups,
    held,
    history,
    init,
    mailboxes,
    mails,
    outbox,
    plan,
    quarantine,
    requests_,
    roles,
    rules,
    serve,
    shares,
    status,
    sync,
    tokens,
    undo,
    users,
)
from agendahub.context import Options
from agendahub.failure import Failure
from agendahub.library_logs import for_commands
from agendahub.output import console
from agendahub.redaction import redact, sentence
from agendahub.texts import _

app = typer.Typer(
    name="agendahub",
    help=_("One central store of contacts, appointments and tasks, in two-way sync with every server and phone."),
    epilog=_("Start with: agendahub init. Every command explains itself: agendahub binding add --help."),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for group in (
    init,
    serve,
    accounts,
    collections,
    collection_settings,
    bindings,
    fanouts,
    mailboxes,
    mails,
    outbox,
    sync,
    plan,
    apply,
    status,
    held,
    conflicts,
    quarantine,
    history,
    undo,
    requests_,
    rules,
    users,
    groups,
    roles,
    shares,
    devices,
    tokens,
    data,
    db,
    doctor,
):
    group.add_to(app)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"agendahub {version('agendahub')}")
        except PackageNotFoundError:  # run from a checkout that is not installed
            print("agendahub (not installed)")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help=_("The configuration; else AGENDAHUB_CONFIG, ./agendahub.toml, ~/.config/agendahub/agendahub.toml."),
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help=_("Show where in the program an error came from."))] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=_("Show the version."))
    ] = False,
) -> None:
    del debug, version  # `main` and the call-back look at them
    context.obj = Options(config)
    context.call_on_close(context.obj.close)


def main() -> None:
    """Run the program; every expected error becomes one sentence on standard error and exit code 1."""
    debug = "--debug" in sys.argv
    if debug:  # allowed anywhere on the line
        sys.argv = [word for word in sys.argv if word != "--debug"]
    sys.exit(_guarded(lambda: app(prog_name="agendahub"), debug=debug))


def _guarded(run: Callable[[], object], *, debug: bool) -> int:
    for_commands()
    try:
        run()
    except Exception as err:
        if debug:
            print(redact(traceback.format_exc()), file=sys.stderr)
        console(error=True).print(sentence(_sentence(err)), markup=False, style="red" if sys.stderr.isatty() else None)
        return 1
    return 0


def _sentence(err: Exception) -> str:
    if isinstance(err, _expected()):
        from agendahub.outcome import in_words

        return in_words(err)
    if isinstance(err, OSError) and err.strerror:
        where = f"{err.filename}: " if err.filename else ""
        return f"{where}{err.strerror}."
    unexpected = _("Something went wrong that AgendaHub did not expect ({kind}: {text}). --debug shows where.")
    return unexpected.format(kind=type(err).__name__, text=str(err)[:300])


def _expected() -> tuple[type[Exception], ...]:
    from config import ConfigError
    from crm.errors import CrmError
    from storage.errors import StoreError
    from sync_engine.errors import SyncError

    return Failure, ConfigError, StoreError, SyncError, CrmError


if __name__ == "__main__":
    main()
