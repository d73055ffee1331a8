"""agendahub undo"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.commands.history import Actor, Binding, Run, Since, Until, one_item, scope_of, tell_times
from agendahub.context import AsJson, Yes, examples, sure, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, print_json, say
from agendahub.texts import _, plural

if TYPE_CHECKING:
    from agendahub.undoing import Plan, Wish
    from agendahub.workspace import Workspace
    from storage.admin_history import Scope

Item = Annotated[str, typer.Argument(help=_("An item: a part of its title, its UID or its id."))]
Version = Annotated[int | None, typer.Option(help=_("The version of the item to put back (see `history`)."))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_("Only show what would be done."))]
Force = Annotated[
    bool, typer.Option("--force", help=_("Take back what was changed again later, too: the later change is lost."))
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_(
            "Take back changes, deletions too, on every linked account. Shows what it would do, then asks; --yes does "
            "it without asking. An undo is a run of its own and can be undone."
        ),
        epilog=examples(
            'agendahub undo "Board meeting"',
            "agendahub undo 42 --version 1017 --yes",
            "agendahub undo --run 12 --dry-run",
            "agendahub undo --since 14:00 --actor 'account work'",
            "agendahub undo --since 2026-01-31T09:00 --until 2026-01-31T10:00 --binding agenda --yes",
        ),
    )(undo)


def undo(
    context: typer.Context,
    item: Item = "",
    named: Annotated[str, typer.Option("--item", help=_("The same as naming an item."))] = "",
    version: Version = None,
    run: Run = None,
    since: Since = "",
    until: Until = "",
    actor: Actor = "",
    binding: Binding = "",
    dry_run: DryRun = False,
    force: Force = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    item = item or named
    if not item and run is None and not since:
        raise typer.BadParameter(_("name an item, or --run, or --since"))
    if version is not None and not item:
        raise typer.BadParameter(_("--version is of an item: name it"))
    workspace = workspace_of(context)
    scope = scope_of(workspace, run, since, until, actor, binding)
    if not as_json:
        tell_times(scope)
    words = " ".join(sys.argv[sys.argv.index("undo") :]) if "undo" in sys.argv else "undo"
    wish = _wish(workspace, item, version, scope, force=force, name=words)
    plan = _planned(workspace, wish)
    if not as_json:
        _show(plan, _nothing(scope))
    if dry_run or not plan.wanted:
        _end(plan, 0, 0, done=False, as_json=as_json)
        return
    _ask(plan, yes=yes, as_json=as_json)
    done, number = _carried_out(workspace, wish, plan.mark)
    _end(plan, done, number, done=True, as_json=as_json)


def _wish(workspace: Workspace, item: str, version: int | None, scope: Scope, *, force: bool, name: str) -> Wish:
    from agendahub.undoing import Wish
    from storage.admin_history import EVERYTHING

    if not item:
        return Wish(scope, force=force, name=name)
    with workspace.database.read() as unit:
        found = one_item(unit.session.connection, item)
    scope = scope if scope == EVERYTHING else replace(scope, item_ids=(found.id,))
    return Wish(scope, found.id, version, force, name)


def _planned(workspace: Workspace, wish: Wish) -> Plan:
    from agendahub.targets import targets
    from agendahub.undoing import plan_undo

    with workspace.database.read() as unit:
        return plan_undo(unit, wish, targets(unit, workspace.settings))


def _carried_out(workspace: Workspace, wish: Wish, mark: str) -> tuple[int, int]:
    from agendahub.restoring import ADMIN
    from agendahub.undoing import carry_out, plan_undo

    with workspace.database.begin() as unit:
        return carry_out(unit, plan_undo(unit, wish, {}), wish, ADMIN, mark)


def _ask(plan: Plan, *, yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        if as_json:
            _end(plan, 0, 0, done=False, as_json=True)
        raise Failure(_("Nothing was changed yet: run it again with --yes (or with --dry-run only to look)."))
    sure(_("Do this?"), yes=False)


def _show(plan: Plan, empty: str) -> None:
    columns = {"item_id": _("Item"), "title": _("Title"), "starts": _("Starts"), "action": _("Undo"), "reason": ""}
    listing(plan.steps, columns, as_json=False, empty=empty)
    for step in plan.steps:
        for change in step.fields if step.action == "put back" else ():
            say(f"  {step.item_id} {change.field}: {_shown(change.before)} -> {_shown(change.after)}")
        if step.kept:
            say(_("  {item}: changed later and kept: {fields} (--force takes them back too)").format(
                item=step.item_id, fields=", ".join(step.kept)))  # fmt: skip
    accounts = dict.fromkeys(account for step in plan.steps for account in step.accounts)
    if accounts:
        say(_("Written to: {accounts}, and every device").format(accounts=", ".join(accounts)))


def _nothing(scope: Scope) -> str:
    if scope.run_id is not None:
        hint = _("There is nothing to undo: run {run} changed nothing like that in the hub. What it carried out to an "
                 "account is undone with the run or the item that it came from.")  # fmt: skip
        return hint.format(run=scope.run_id)
    if scope.actor:
        hint = _("There is nothing to undo by {actor}; `agendahub history` shows who is called how.")
        return hint.format(actor=scope.actor)
    return _("There is nothing to undo.")


def _shown(value: str) -> str:
    flat = " ".join(value.split())
    return (flat[:60] + "…" if len(flat) > 60 else flat) or _("(nothing)")


def _end(plan: Plan, changed: int, run: int, *, done: bool, as_json: bool) -> None:
    if as_json:
        print_json({"done": done, "changed": changed, "run": run or None, "mark": plan.mark, "steps": plan.steps})
    elif done:
        told = plural(
            "{count} item changed; it goes out with the next sync.",
            "{count} items changed; they go out with the next sync.",
            changed,
        )
        say(f"{told} {_('Take it back: agendahub undo --run {run}').format(run=run)}")
    elif plan.steps:
        say(_("Nothing was changed."))
