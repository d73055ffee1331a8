"""GET /conflicts, GET /conflicts/ID, POST /conflicts/ID/resolve"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agendahub.api_call import ApiError, Call
from agendahub.refusals import Missing, Stale
from agendahub.resolving import Decision, carry_out, decide, view
from agendahub.texts import _
from agendahub.workspace import utc_now
from storage.admin_actions import resolve_conflict
from storage.admin_lists import ConflictRow, conflicts
from storage.unit_of_work import SqlUnitOfWork


def list_conflicts(call: Call) -> Any:
    """Those nobody looked at yet; with all=true the resolved ones too."""
    call.only("all")
    everything = call.flag("all", default=False)
    with call.workspace.database.read() as unit:
        return {"conflicts": conflicts(unit.session.connection, all_of_them=everything)}


def show_conflict(call: Call) -> Any:
    """Both versions of every field."""
    call.only()
    with call.workspace.database.read() as unit:
        return view(unit, _row(call, unit))


def resolve(call: Call) -> Any:
    """Decide it: field by field, or all at once."""
    call.only("take", "fields", "force", "dry_run")
    take, fields = call.text("take", "keep", "hub", "remote"), _fields(call)
    force, dry_run = call.flag("force", default=False), call.flag("dry_run", default=False)
    if not take and not fields:
        raise ApiError(422, _("Send take (keep, hub or remote), or fields."))
    database = call.workspace.database
    with database.read() if dry_run else database.begin() as unit:
        row = _row(call, unit)
        if row.resolved_at is not None:
            raise Stale(_("Conflict {id} is resolved already ({how}).").format(id=row.id, how=row.resolution))
        decision = decide(unit, row, fields, "" if take in ("", "keep") else take)
        if not dry_run:
            _carry_out(call, unit, decision, force=force)
        return decision.told(done=not dry_run)


def _carry_out(call: Call, unit: SqlUnitOfWork, decision: Decision, *, force: bool) -> None:
    since = [edited.field for edited in decision.outcome.edited_since]
    if since and not force:
        raise Stale(
            _("Edited since the conflict: {fields}; send force to overwrite it.").format(fields=", ".join(since))
        )
    carry_out(unit, decision)
    number, who = decision.conflict.id, call.origin.actor
    if not resolve_conflict(unit.session.connection, number, decision.words, who, utc_now()):
        raise Stale(_("Conflict {id} was resolved by somebody else just now.").format(id=number))


def _fields(call: Call) -> Mapping[str, str]:
    found = call.sent.get("fields") or {}
    if not isinstance(found, dict) or any(side not in ("hub", "remote") for side in found.values()):
        raise ApiError(422, _("fields must be an object of names with hub or remote."))
    return found


def _row(call: Call, unit: SqlUnitOfWork) -> ConflictRow:
    found = conflicts(unit.session.connection, conflict_id=call.path["number"])
    if not found:
        raise Missing(_("There is no conflict {id}.").format(id=call.path["number"]))
    return found[0]
