"""agendahub history"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import as_data, listing, say
from agendahub.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from agendahub.workspace import Workspace
    from storage.admin_history import ItemRow, RevisionRow, Scope

Run = Annotated[int | None, typer.Option(help=_("What this run changed (see `history --runs`)."))]
Since = Annotated[
    str, typer.Option(help=_("From a time on: 14:00, 2026-01-31T09:00 (local), ...Z, or for a while: 30m, 2h, 1d."))
]
Until = Annotated[str, typer.Option(help=_("Up to a time."))]
Actor = Annotated[str, typer.Option(help=_("What this one changed: 'account work', 'user ada', admin."))]
Binding = Annotated[str, typer.Option(help=_("What came in through this binding."))]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_("Show every version of an item, or what was changed lately: when, by whom, what."),
        epilog=examples(
            'agendahub history "Board meeting"',
            "agendahub history 42 --text",
            "agendahub history --since 14:00 --actor 'account work'",
            "agendahub history --deleted",
            "agendahub history --runs",
            "agendahub undo --help",
        ),
    )(history)


def history(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help=_("A part of its title, its UID, or its id."))] = "",
    text: Annotated[bool, typer.Option("--text", help=_("Show the full text of each version."))] = False,
    run: Run = None,
    since: Since = "",
    until: Until = "",
    actor: Actor = "",
    binding: Binding = "",
    deleted: Annotated[bool, typer.Option("--deleted", help=_("Items that can be brought back."))] = False,
    runs: Annotated[bool, typer.Option("--runs", help=_("Cycles and undos that changed something."))] = False,
    limit: Annotated[int, typer.Option(min=1, help=_("How many lines."))] = 100,
    as_json: AsJson = False,
) -> None:
    workspace = workspace_of(context)
    if runs:
        _runs(workspace, limit, as_json=as_json)
    elif deleted:
        _deleted(workspace, item, limit, as_json=as_json)
    elif item:
        _item(workspace, item, text=text, as_json=as_json)
    else:
        _changes(workspace, scope_of(workspace, run, since, until, actor, binding), limit, as_json=as_json)


def scope_of(workspace: Workspace, run: int | None, since: str, until: str, actor: str, binding: str) -> Scope:
    """Which changes the options mean."""
    from agendahub.moments import moment
    from agendahub.work import actor_of
    from agendahub.workspace import utc_now
    from storage.admin_history import Scope

    if actor and binding:
        raise typer.BadParameter(_("give --actor or --binding, not both"))
    _known_run(workspace, run)
    whose = actor_of(workspace.binding(binding)) if binding else actor
    first, last = (moment(written, utc_now()) if written else None for written in (since, until))
    if first and last and first > last:
        raise typer.BadParameter(_("--since is later than --until"))
    return Scope(run_id=run, since=first, until=last, actor=whose)


def _known_run(workspace: Workspace, run: int | None) -> None:
    """Raises Failure for a run that there is not."""
    from storage.admin_history import has_run

    if run is None:
        return
    with workspace.database.read() as unit:
        if not has_run(unit.session.connection, run):
            raise Failure(_("There is no run {run}; `agendahub history --runs` shows them.").format(run=run))


def tell_times(scope: Scope) -> None:
    """Which instants were understood, and in which zone."""
    from agendahub.moments import told

    if scope.since:
        say(_("Since {time}").format(time=told(scope.since)))
    if scope.until:
        say(_("Until {time}").format(time=told(scope.until)))


def _runs(workspace: Workspace, limit: int, *, as_json: bool) -> None:
    from storage.admin_history import runs

    with workspace.database.read() as unit:
        rows = runs(unit.session.connection, limit)
    columns = {
        "id": _("Run"),
        "started_at": _("Started"),
        "binding": _("Binding"),
        "outcome": _("Outcome"),
        "done": _("Done"),
    }
    shown = [as_data(row) | {"done": _in_words(row.counts, row.message)} for row in rows]
    listing(shown, columns, as_json=as_json, empty=_("No run changed anything yet."))


def _in_words(counts: Any, message: str) -> str:
    done = [f"{name.replace('_', ' ')} {value}" for name, value in counts.items() if isinstance(value, int)]
    return ", ".join([*done, *([message] if message else [])])


def _deleted(workspace: Workspace, words: str, limit: int, *, as_json: bool) -> None:
    from storage.admin_history import deleted_items

    with workspace.database.read() as unit:
        rows = deleted_items(unit.session.connection, words, limit)
    columns = {"id": _("Item"), "changed_at": _("Deleted"), "title": _("Title"), "collection": _("Collection")}
    listing(rows, columns, as_json=as_json, empty=_("No deleted item is kept."))


def _changes(workspace: Workspace, scope: Scope, limit: int, *, as_json: bool) -> None:
    from agendahub.past import past

    with workspace.database.read() as unit:
        rows = past(unit, scope, limit)
    if not as_json:
        tell_times(scope)
    columns = {
        "at": _("When"),
        "actor": _("Who"),
        "run_id": _("Run"),
        "item_id": _("Item"),
        "title": _("Title"),
        "collection": _("Collection"),
        "changed": _("What"),
    }
    listing(rows, columns, as_json=as_json, empty=_nothing(scope))


def _nothing(scope: Scope) -> str:
    if scope.run_id is not None:
        return _("Run {run} changed nothing in the hub, it only carried changes out.").format(run=scope.run_id)
    if scope.actor:
        hint = _("Nothing was changed by {actor}; `agendahub history` shows who is called how.")
        return hint.format(actor=scope.actor)
    return _("Nothing was changed.")


def _item(workspace: Workspace, words: str, *, text: bool, as_json: bool) -> None:
    from storage.admin_history import revisions

    with workspace.database.read() as unit:
        found = one_item(unit.session.connection, words)
        versions = revisions(unit.session.connection, found.id)
    rows = [_row(version, before) for version, before in zip(versions, [None, *versions], strict=False)]
    if not as_json:
        head = _("{title} ({collection}), item {id}, UID {uid}")
        say(head.format(title=found.title or found.kind, collection=found.collection, id=found.id, uid=found.uid))
    columns = {"id": _("Version"), "at": _("When"), "actor": _("Who"), "run_id": _("Run"), "changed": _("What")}
    listing(rows, columns, as_json=as_json, empty=_("No version is kept."))
    if text and not as_json:
        for version in versions:
            say(f"\n--- {version.id}\n{version.text}")


def _row(version: RevisionRow, before: RevisionRow | None) -> dict[str, Any]:
    from agendahub.past import what_changed

    row: dict[str, Any] = as_data(version)
    older = (before.role, before.text) if before else None
    return row | {"changed": what_changed((version.role, version.text), older)}


def one_item(connection: Connection, words: str) -> ItemRow:
    """The one item that is meant. Raises Failure when none or several are."""
    from storage.admin_history import find_items

    found = find_items(connection, words)
    if not found:
        raise Failure(_("No item is called {words}; try a part of its title, its UID or its id.").format(words=words))
    if len(found) > 1:
        several = "; ".join(f"{row.id}: {row.title} ({_whose(row)}{_gone(row)})" for row in found[:10])
        raise Failure(_("Several items are meant, say which by its id: {items}.").format(items=several))
    return found[0]


def _whose(row: ItemRow) -> str:
    return (
        _("{collection} of {owner}").format(collection=row.collection, owner=row.owner) if row.owner else row.collection
    )


def _gone(row: ItemRow) -> str:
    return _(", deleted {at}").format(at=f"{row.changed_at:%Y-%m-%d %H:%M} UTC") if row.deleted else ""
