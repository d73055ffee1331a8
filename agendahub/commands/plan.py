"""agendahub plan [BINDING]..."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from agendahub.commands.chosen import Bindings, chosen_bindings, connectors, only_one_binding
from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import console, print_json, say, written_start
from agendahub.texts import _, plural

if TYPE_CHECKING:
    from agendahub.planning import Planned
    from agendahub.workspace import Workspace
    from sync_engine.actions import Action
    from sync_engine.saved_plan import BindingPlan


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_(
            "Show what a sync would do and why. Nothing is written, here or at any server. --out keeps it to apply."
        ),
        epilog=examples("agendahub plan", 'agendahub plan "work agenda" --out plan.json', "agendahub apply plan.json"),
    )(plan)


def plan(
    context: typer.Context,
    bindings: Bindings = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help=_("Write the plan there, for `agendahub apply`."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    from agendahub.planning import save_plan
    from sync_engine.saved_plan_file import action_document

    planned, failed = _planned(workspace_of(context), bindings)
    if as_json:
        print_json([{"binding": p.plan.name} | action_document(action) for p in planned for action in p.plan.actions])
    else:
        for one in planned:
            show_actions(one.plan)
    if failed:
        if out is not None:
            raise Failure(_("{path} was not written: the plan is not complete.").format(path=out))
        raise typer.Exit(1)
    if out is not None:
        save_plan(out, planned)
        aside(_("Written to {path}. To do exactly that: agendahub apply {path}").format(path=out))
    _tell_held([one.plan for one in planned], out)


def _planned(workspace: Workspace, names: list[str] | None) -> tuple[list[Planned], bool]:
    from agendahub.outcome import in_words
    from agendahub.planning import plan_binding

    found: list[Planned] = []
    failed = False
    with connectors(workspace) as connector_of:
        for settings in chosen_bindings(workspace, names):
            try:
                found.append(plan_binding(workspace, settings, connector_of(settings)))
            except only_one_binding() as err:
                failed = True
                aside(f"{settings.name}: {in_words(err)}")
    return found, failed


def _tell_held(plans: list[BindingPlan], out: Path | None) -> None:
    for one in plans:
        if one.held:
            held = plural(
                "{count} deletion is held by the brake", "{count} deletions are held by the brake", len(one.held)
            )
            first = "" if out else _("agendahub plan --out plan.json, then: ")
            way = f"{first}agendahub apply {out or 'plan.json'} --approve-deletions"
            aside(f"{one.name}: {held}. " + _("To let it happen: {way}").format(way=way))


def aside(message: str) -> None:
    """One line for a person, on standard error: standard output may be read by a program."""
    console(error=True).print(Text(message))


def show_actions(plan: BindingPlan) -> None:
    """Every action with its reason and its field changes."""
    say(plural("{count} action", "{count} actions", len(plan.actions)) + f": {plan.name}")
    for action in plan.actions:
        say(f"  {action_line(action)}")
        for change in action.fields:
            say(f"      {change.field}: {_shown(change.before)} -> {_shown(change.after)}")
        for lost in action.conflicts:
            text = _("conflict: {field}: hub {hub}, remote {remote}; kept: {kept}")
            values = {"field": lost.field, "hub": _shown(lost.hub), "remote": _shown(lost.remote), "kept": lost.kept}
            say(f"      {text.format(**values)}")


def action_line(action: Action) -> str:
    """An action in one line."""
    starts = f" ({written_start(action.starts)})" if action.starts else ""
    held = _("HELD by the brake: ") if action.held else ""
    return f"{held}{action.side}: {action.operation} {action.title}{starts} - {action.reason}"


def _shown(value: str) -> str:
    flat = " ".join(value.split())
    return (flat[:60] + "…" if len(flat) > 60 else flat) or _("(nothing)")
