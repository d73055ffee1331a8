"""agendahub apply PLAN"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agendahub.commands.chosen import connectors
from agendahub.commands.plan import action_line, aside, show_actions
from agendahub.commands.sync import summary
from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import print_json, say
from agendahub.texts import _, plural

if TYPE_CHECKING:
    from agendahub.applying import Applied, Check


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_("Do exactly what a saved plan says, or nothing and tell what has changed since it was made."),
        epilog=examples(
            "agendahub plan --out plan.json", "agendahub apply plan.json --dry-run", "agendahub apply plan.json"
        ),
    )(apply)


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="PLAN", help=_("A file that `agendahub plan --out` wrote."))],
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only check whether it still holds."))] = False,
    approve: Annotated[
        bool, typer.Option("--approve-deletions", help=_("Do the planned deletions that the brake holds, too."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    from agendahub import applying
    from agendahub.planning import read_plan

    workspace = workspace_of(context)
    plan = read_plan(file)
    with connectors(workspace) as connector_of:
        checked = applying.check(workspace, plan, connector_of)
        _refuse_stale(checked, file, as_json=as_json)
        _refuse_held(checked, file, approved=approve or dry_run)
        done = [] if dry_run else applying.apply(checked, workspace, connector_of, approved=approve)
    if as_json:
        print_json(_document(checked, "dry-run" if dry_run else _result(done), done))
    elif dry_run:
        _show_check(checked)
    else:
        _show_done(done)
    if any(_incomplete(one) for one in done):
        raise typer.Exit(1)


def _refuse_stale(checked: Check, file: Path, *, as_json: bool) -> None:
    if not checked.differences:
        return
    if as_json:
        print_json(_document(checked, "stale", []))
    for difference in checked.differences:
        aside(f"  {difference.binding}: {difference.message}")
    stale = plural(
        "Nothing was done: {count} thing is not as the plan says.",
        "Nothing was done: {count} things are not as the plan says.",
        len(checked.differences),
    )
    raise Failure(f"{stale} " + _("Make a new plan: agendahub plan --out {file}").format(file=file))


def _refuse_held(checked: Check, file: Path, *, approved: bool) -> None:
    if checked.held and not approved:
        held = plural(
            "Nothing was done: the brake holds {count} deletion of this plan.",
            "Nothing was done: the brake holds {count} deletions of this plan.",
            len(checked.held),
        )
        raise Failure(f"{held} " + _("To do it: agendahub apply {file} --approve-deletions").format(file=file))


def _show_check(checked: Check) -> None:
    for planned in checked.planned:
        show_actions(planned.plan)
    if checked.held:
        say(plural("{count} of it is held by the brake.", "{count} of it are held by the brake.", len(checked.held)))
    say(_("The plan still holds; nothing was done yet."))


def _show_done(done: list[Applied]) -> None:
    for one in done:
        if one.outcome.message:
            aside(f"{one.binding}: {one.outcome.message}")
        elif str(one.outcome.result) == "busy":
            busy = _("{name}: another worker (the daemon?) is at it; nothing was done. Try again.")
            aside(busy.format(name=one.binding))
        say(f"{one.binding}: {summary(one.outcome.counts)}")
        for action in one.not_done:
            text = _("  not done, the item changed meanwhile: {action}")
            aside(text.format(action=action_line(action)))


def _incomplete(one: Applied) -> bool:
    return str(one.outcome.result) != "ok" or bool(one.not_done)


def _result(done: list[Applied]) -> str:
    return "incomplete" if any(_incomplete(one) for one in done) else "applied"


def _document(checked: Check, result: str, done: list[Applied]) -> dict[str, Any]:
    from agendahub.work import counts_of
    from sync_engine.saved_plan_file import action_document

    bindings = [
        {
            "binding": one.binding,
            "result": str(one.outcome.result),
            "message": one.outcome.message,
            "counts": counts_of(one.outcome.counts),
            "not_done": [action_document(action) for action in one.not_done],
        }
        for one in done
    ]
    return {"plan": checked.plan.id, "result": result, "differences": checked.differences, "bindings": bindings}
