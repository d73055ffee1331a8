"""agendahub sync [BINDING]"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agendahub.commands.chosen import Bindings, chosen_bindings, connectors, only_one_binding
from agendahub.commands.plan import plan
from agendahub.context import AsJson, examples, workspace_of
from agendahub.output import console, print_json, say
from agendahub.texts import _

if TYPE_CHECKING:
    from agendahub.outcome import Outcome
    from agendahub.work import Worker
    from agendahub.workspace import Workspace
    from config.settings import BindingSettings

_ROUNDS = 4  # what one binding brings in goes out through the others in the next round


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(
        help=_("Bring bindings in step now."),
        epilog=examples("agendahub sync", 'agendahub sync "work agenda"', "agendahub sync --dry-run"),
    )(sync)


def sync(
    context: typer.Context,
    bindings: Bindings = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only show what would be done; as `plan`."))] = False,
    as_json: AsJson = False,
) -> None:
    if dry_run:
        plan(context, bindings, as_json=as_json)
        return
    workspace = workspace_of(context)
    chosen = chosen_bindings(workspace, bindings)
    totals = _Totals()
    with connectors(workspace) as connector_of:
        _run_rounds(workspace, chosen, connector_of, totals, quiet=as_json)
    if as_json:
        print_json(list(totals.rows.values()))
    if any(row["result"] != "ok" for row in totals.rows.values()):
        raise typer.Exit(1)


class _Totals:
    """What was done, added up over the rounds, by binding."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def add(self, name: str, outcome: Outcome) -> None:
        from agendahub.work import counts_of

        row = self.rows.setdefault(name, {"binding": name, "counts": {}})
        row |= {"result": str(outcome.result), "message": outcome.message}
        for key, value in counts_of(outcome.counts).items():
            row["counts"][key] = row["counts"][key] + value if key in row["counts"] else value


def _run_rounds(
    workspace: Workspace, chosen: list[BindingSettings], connector_of: Any, totals: _Totals, *, quiet: bool
) -> None:
    from agendahub.outcome import Result
    from agendahub.work import Worker

    worker, due = Worker(workspace), chosen
    for _round in range(_ROUNDS):
        for settings in due:
            totals.add(settings.name, _one(worker, settings, connector_of, quiet=quiet))
        well = {name for name, row in totals.rows.items() if row["result"] == Result.OK}
        due = [settings for settings in chosen if settings.name in well & _behind(workspace)]
        if not due:
            return


def _behind(workspace: Workspace) -> set[str]:
    from storage.admin_lists import bindings

    with workspace.database.read() as unit:
        behind = {row.name for row in bindings(unit.session.connection) if row.behind}
    return {b.name for b in workspace.settings.bindings if b.name in behind and b.direction != "in"}


def _one(worker: Worker, settings: BindingSettings, connector_of: Any, *, quiet: bool) -> Outcome:
    if quiet:
        return _cycle(worker, settings, connector_of)
    with _progress(settings.name) as progress:
        outcome = _cycle(worker, settings, connector_of, progress)
    _tell(settings, outcome)
    return outcome


def _cycle(worker: Worker, settings: BindingSettings, connector_of: Any, *progress: Any) -> Outcome:
    """What keeps one binding from beginning is no reason for the others to wait."""
    try:
        return worker.cycle(settings, connector_of(settings), *progress)
    except only_one_binding() as err:
        return worker.refused(settings, err)


@contextmanager
def _progress(name: str) -> Iterator[Any]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    done: dict[str, int] = {}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    screen = console(error=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(name, total=None, done="")

        def progress(what: str, count: int) -> None:
            done[what] = done.get(what, 0) + count
            bar.update(task, done=", ".join(f"{what} {count}" for what, count in done.items()))

        yield progress


def _tell(settings: BindingSettings, outcome: Outcome) -> None:
    from agendahub.outcome import Result

    if outcome.result is Result.BUSY:
        say(_("{name}: another worker (the daemon?) is at it just now.").format(name=settings.name))
    elif outcome.error is not None:
        where = _("{name} (account {account}, collection {collection}): {message}")
        text = where.format(
            name=settings.name, account=settings.account, collection=settings.collection, message=outcome.message
        )
        console(error=True).print(text, markup=False)
    if outcome.error is None or outcome.counts.changes:
        say(f"{settings.name}: {summary(outcome.counts)}")
    for note in outcome.counts.notes:
        say(f"{settings.name}: {note}")


def summary(counts: Any) -> str:
    """Things done, in words."""
    words = {
        "pulled_new": _("{n} new from the account"),
        "pulled_changed": _("{n} changed from the account"),
        "pulled_deleted": _("{n} deleted from the account"),
        "pushed_new": _("{n} new to the account"),
        "pushed_changed": _("{n} changed at the account"),
        "pushed_deleted": _("{n} deleted at the account"),
        "linked": _("{n} matched"),
        "conflicts": _("{n} in conflict"),
        "quarantined": _("{n} in quarantine"),
        "held": _("{n} deletions held"),
    }
    told = [text.format(n=getattr(counts, name)) for name, text in words.items() if getattr(counts, name)]
    return ", ".join(told) or _("nothing to do")
