"""agendahub conflicts list|show|resolve"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import as_data, console, listing, print_json, say
from agendahub.texts import _

if TYPE_CHECKING:
    from rich.table import Table

    from agendahub.resolving import ConflictView, Decision, FieldView, Side

group = typer.Typer(no_args_is_help=True)
ConflictId = Annotated[int, typer.Argument(metavar="ID", help=_("From `agendahub conflicts list`."))]

_NARROW = 60  # columns of a terminal under which a table is no help


class Take(StrEnum):
    """Which version all fields in conflict end with."""

    KEEP = "keep"  # as it is now
    HUB = "hub"  # the hub's version of then
    REMOTE = "remote"  # the remote's version of then


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="conflicts", help=_("The same field, changed on both sides: what lost is kept."))


@group.command(
    "list", help=_("Show conflicts nobody looked at yet."), epilog=examples("agendahub conflicts list --all")
)
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help=_("The resolved ones too."))] = False,
    as_json: AsJson = False,
) -> None:
    from storage.admin_lists import conflicts

    with workspace_of(context).database.read() as unit:
        rows = conflicts(unit.session.connection, all_of_them=everything)
    short = [as_data(row) | {"changed": [field["field"] for field in row.fields]} for row in rows]
    columns = {
        "id": _("Id"),
        "at": _("When"),
        "binding": _("Binding"),
        "title": _("Item"),
        "changed": _("Fields"),
        "hub_actor": _("In the hub by"),
    }
    resolved = {"resolution": _("Resolved"), "resolved_by": _("By")} if everything else {}
    listing(short, columns | resolved, as_json=as_json, empty=_("No conflicts."))


@group.command(
    help=_("Show both versions of a conflict side by side, field by field, with who and when."),
    epilog=examples("agendahub conflicts show 3", "agendahub conflicts show 3 --all"),
)
def show(
    context: typer.Context,
    conflict: ConflictId,
    everything: Annotated[bool, typer.Option("--all", help=_("Fields that are the same on both sides, too."))] = False,
    as_json: AsJson = False,
) -> None:
    from agendahub.resolving import find, view

    with workspace_of(context).database.read() as unit:
        found = view(unit, find(unit, conflict))
    if as_json:
        print_json(found)
    else:
        _show(found, everything=everything)


@group.command(
    help=_(
        "Decide a conflict: field by field, or all at once. The choice goes into the item as it is now, and to every "
        "linked account; edits of other fields since stay."
    ),
    epilog=examples(
        "agendahub conflicts resolve 3 --take keep",
        "agendahub conflicts resolve 3 --field phones=remote --field summary=hub --dry-run",
        "agendahub conflicts resolve 3 --take remote --field 2=hub",
    ),
)
def resolve(
    context: typer.Context,
    conflict: ConflictId,
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=SIDE", help=_("A field, by its name or number, and: hub or remote.")),
    ] = None,
    take: Annotated[Take | None, typer.Option(help=_("All (other) fields in conflict: keep leaves them."))] = None,
    force: Annotated[bool, typer.Option("--force", help=_("Overwrite what was edited in these fields since."))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only show what the item would say."))] = False,
    as_json: AsJson = False,
) -> None:
    from agendahub.resolving import carry_out, decide, find

    choices = _choices(fields or [])
    if not choices and take is None:
        raise typer.BadParameter(_("say which side wins: --take keep, hub or remote, or --field NAME=hub"))
    everything = "" if take in (None, Take.KEEP) else str(take)
    database = workspace_of(context).database
    with database.read() if dry_run else database.begin() as unit:
        row = find(unit, conflict)
        decision = decide(unit, row, choices, everything)
        if not dry_run:
            _refuse_edited_since(decision, force=force)
            carry_out(unit, decision)
            _close(unit, decision)
    _tell(decision, done=not dry_run, as_json=as_json)


def _choices(fields: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for written in fields:
        name, _equals, side = written.rpartition("=")
        if not name or side not in ("hub", "remote"):
            raise typer.BadParameter(_("--field takes NAME=hub or NAME=remote, not {it}").format(it=written))
        found[name.strip()] = side
    return found


def _close(unit: Any, decision: Decision) -> None:
    from agendahub.planning import os_user
    from agendahub.workspace import utc_now
    from storage.admin_actions import resolve_conflict

    number = decision.conflict.id
    if not resolve_conflict(unit.session.connection, number, decision.words, os_user(), utc_now()):
        raise Failure(_("Conflict {id} was resolved by somebody else just now.").format(id=number))


def _refuse_edited_since(decision: Decision, *, force: bool) -> None:
    since = decision.outcome.edited_since
    if since and not force:
        told = "; ".join(_("{field} says {now} now").format(field=f.field, now=f.hub or _("nothing")) for f in since)
        hint = _("Nothing was changed: edited since the conflict: {told}. To overwrite it: --force")
        raise Failure(hint.format(told=told))


def _tell(decision: Decision, *, done: bool, as_json: bool) -> None:
    changes = decision.changes
    undo = f"agendahub undo {decision.conflict.item_id} --version {decision.version_now} --yes"
    if as_json:
        print_json(decision.told(done=done) | {"undo": undo if changes else None})
        return
    for change in changes:
        say(f"  {change.field}: {change.before or _('(nothing)')} -> {change.after or _('(nothing)')}")
    if not done:
        for edited in decision.outcome.edited_since:
            text = _("{field} was edited since the conflict; to overwrite {now}: --force")
            say(text.format(field=edited.field, now=edited.hub or _("(nothing)")))
        say(_("Nothing was changed yet.") if changes else _("The item would stay as it is."))
        return
    say(_("Conflict {id} is resolved: {how}.").format(id=decision.conflict.id, how=decision.words))
    if decision.outcome.brought_back:
        say(_("The item had been deleted since; with this choice it is back."))
    if changes:
        say(_("It goes to every linked account with the next sync. To take it back: {undo}").format(undo=undo))


# ---------------------------------------------------------------- one conflict, on a terminal


def _show(found: ConflictView, *, everything: bool) -> None:
    heading = _("Conflict {id}: {title} ({collection}), binding {binding}, {at}")
    say(heading.format(**as_data(found)))
    say(_("hub:    {who}").format(who=_who(found.hub, _("edited"))))
    say(_("remote: {who}").format(who=_who(found.remote, _("read"))))
    _show_fields(found.fields, kept=True)
    _show_editors(found)
    others = [f for f in found.others if everything or f.hub != f.remote]
    if others:
        say(_("Not in conflict:") if everything else _("Changed on one side only, so both were kept:"))
        _show_fields(others, kept=False)
    _show_now(found)
    _show_ways_out(found)


def _who(side: Side, verb: str) -> str:
    at = as_data(side.at) if side.at else _("at a time that is no longer known")
    changed = _("changed there {at} by its own stamp, ").format(at=as_data(side.changed_at)) if side.changed_at else ""
    return _("{actor}, {changed}{verb} {at} (version {version})").format(
        actor=side.actor or _("somebody"), changed=changed, verb=verb, at=at, version=side.version
    )


def _show_fields(fields: Sequence[FieldView], *, kept: bool) -> None:
    screen = console()
    if screen.width < _NARROW:
        _stacked(fields)
    else:
        screen.print(_table(fields, kept=kept))


def _show_editors(found: ConflictView) -> None:
    """Where others than the last editor of the item edited the fields."""
    for field in found.fields:
        if field.hub_actor and (field.hub_actor, field.hub_at) != (found.hub.actor, found.hub.at):
            who = _("{n} {field} was edited in the hub by {actor}, {at}")
            at = as_data(field.hub_at) if field.hub_at else ""
            say(who.format(n=field.number, field=field.field, actor=field.hub_actor, at=at))


def _table(fields: Sequence[FieldView], *, kept: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=True, header_style="bold", expand=False)
    for heading in ([_("No")] if kept else []) + [_("Field"), _("Before"), _("Hub"), _("Remote")]:
        table.add_column(heading, overflow="fold")
    for f in fields:
        cells = [f.field, f.base, _marked(f, "hub"), _marked(f, "remote")]
        table.add_row(*(Text(cell) for cell in ([str(f.number)] if kept else []) + cells))
    return table


def _stacked(fields: Sequence[FieldView]) -> None:
    for f in fields:
        say(f"{f.number} {f.field}" if f.number else f.field)
        for heading, value in (
            (_("before"), f.base),
            (_("hub"), _marked(f, "hub")),
            (_("remote"), _marked(f, "remote")),
        ):
            say(f"  {heading}: {value or _('(nothing)')}")


def _marked(field: FieldView, side: str) -> str:
    value = field.hub if side == "hub" else field.remote
    return f"{value or _('(nothing)')} {_('[kept]')}" if field.kept == side else value


def _show_now(found: ConflictView) -> None:
    if found.deleted:
        say(_("The item was deleted since, by {who}.").format(who=found.edited_since or _("somebody")))
    elif found.edited_since:
        say(_("The item was edited since, last by {who}.").format(who=found.edited_since))
    for field in found.fields:
        if found.edited_since and not found.deleted and field.field == field.field.partition("[")[0]:
            say(_("  {field} says now: {now}").format(field=field.field, now=field.now or _("(nothing)")))


def _show_ways_out(found: ConflictView) -> None:
    if found.resolved_at is not None:
        words = _("Resolved {at} by {who}: {how}.")
        say(words.format(at=as_data(found.resolved_at), who=found.resolved_by or _("somebody"), how=found.resolution))
    else:
        example = found.fields[0].number if found.fields else 1
        say(_("Resolve: agendahub conflicts resolve {id} --take keep|hub|remote").format(id=found.id))
        say(_("     or: agendahub conflicts resolve {id} --field {n}=remote").format(id=found.id, n=example))
    say(_("Whole versions can be put back: hub: {hub}").format(hub=found.restore["hub"]))
    say(_("                             remote: {remote}").format(remote=found.restore["remote"]))
