"""GET /history, /runs, /deleted, /items/ID/history; POST /undo"""

from __future__ import annotations

from typing import Any

from agendahub.api_call import ApiError, Call
from agendahub.past import past, what_changed
from agendahub.refusals import Missing
from agendahub.targets import targets
from agendahub.texts import _
from agendahub.undoing import Plan, Wish, carry_out, plan_undo
from agendahub.work import actor_of
from storage.admin_history import EVERYTHING, Scope, deleted_items, find_items, has_run, revisions, runs

_FILTERS = ("run", "since", "until", "actor", "binding")
_MOST = 1000


def list_changes(call: Call) -> Any:
    """The newest changes first."""
    call.only(*_FILTERS, "limit")
    with call.workspace.database.read() as unit:
        return {"changes": past(unit, _scope(call), _limit(call))}


def list_runs(call: Call) -> Any:
    """Cycles and undos that changed something, the newest first."""
    call.only("limit")
    with call.workspace.database.read() as unit:
        return {"runs": runs(unit.session.connection, _limit(call))}


def list_deleted(call: Call) -> Any:
    """Items that can be brought back."""
    call.only("q", "limit")
    with call.workspace.database.read() as unit:
        return {"items": deleted_items(unit.session.connection, call.text("q"), _limit(call))}


def versions(call: Call) -> Any:
    """Every version of an item, the oldest first."""
    call.only()
    with call.workspace.database.read() as unit:
        _item(unit, call.path["number"])
        rows = revisions(unit.session.connection, call.path["number"])
    return {"versions": [_version(row, before) for row, before in zip(rows, [None, *rows], strict=False)]}


def _version(row: Any, before: Any) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("id", "actor", "run_id", "at", "text")}
    changed = what_changed((row.role, row.text), (before.role, before.text) if before else None)
    return told | {"deleted": row.role == "deleted", "changed": changed}


def undo(call: Call) -> Any:
    """Show what an undo would do; with "dry_run": false and the mark of what was shown, do it."""
    call.only("item", "version", *_FILTERS, "force", "dry_run", "mark")
    wish, dry_run, mark = _wish(call), call.flag("dry_run", default=True), call.text("mark")
    if dry_run:
        with call.workspace.database.read() as unit:
            return _told(plan_undo(unit, wish, targets(unit, call.workspace.settings)), 0, 0)
    if not mark:
        raise ApiError(422, _("Send the mark that the dry run gave."))
    with call.workspace.database.begin() as unit:
        plan = plan_undo(unit, wish, targets(unit, call.workspace.settings))
        return _told(plan, *carry_out(unit, plan, wish, call.origin, mark))


def _told(plan: Plan, changed: int, run: int) -> dict[str, Any]:
    return {"changed": changed, "run": run or None, "mark": plan.mark, "steps": plan.steps}


def _wish(call: Call) -> Wish:
    scope, item, version = _scope(call), call.number("item"), call.number("version")
    if item is None and scope.run_id is None and scope.since is None:
        raise ApiError(422, _("Send an item, or run, or since."))
    if version is not None and item is None:
        raise ApiError(422, _("A version is of an item: send the item too."))
    if item is not None:
        with call.workspace.database.read() as unit:
            _item(unit, item)
    if item is not None and scope != EVERYTHING:
        scope = Scope((item,), scope.run_id, scope.since, scope.until, scope.actor)
    name = _("undo by {who}").format(who=call.origin.actor)
    return Wish(scope, item, version, force=call.flag("force", default=False), name=name)


def _item(unit: Any, number: int) -> None:
    if not any(row.id == number for row in find_items(unit.session.connection, str(number))):
        raise Missing(_("There is no item {id}.").format(id=number))


def _scope(call: Call) -> Scope:
    actor, binding = call.text("actor"), call.text("binding")
    if actor and binding:
        raise ApiError(422, _("Send actor or binding, not both."))
    if binding:
        settings = call.workspace.settings.binding(binding)
        if settings is None:
            raise Missing(_("There is no binding {name}.").format(name=binding))
        actor = actor_of(settings)
    since, until = call.moment("since"), call.moment("until")
    if since and until and since > until:
        raise ApiError(422, _("since is later than until."))
    run = call.number("run")
    if run is not None:
        with call.workspace.database.read() as unit:
            if not has_run(unit.session.connection, run):
                raise Missing(_("There is no run {run}.").format(run=run))
    return Scope(run_id=run, since=since, until=until, actor=actor)


def _limit(call: Call) -> int:
    return min(call.number("limit") or 100, _MOST)
