"""agendahub undo"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.commands.history import one_item
from agendahub.context import AsJson, Yes, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, print_json, say
from agendahub.texts import _, plural

if TYPE_CHECKING:
    from agendahub.undoing import Step
    from storage.unit_of_work import SqlUnitOfWork


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_("Take back changes, deletions too, on every linked account. Shows what it would do; --yes does it."),
        epilog=examples(
            'agendahub undo "Board meeting"',
            "agendahub undo 42 --version 1017 --yes",
            "agendahub undo --run 12",
            'agendahub undo --since 2h --actor "account work, work agenda" --yes',
        ),
    )(undo)


def undo(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help=_("An item: a part of its title, its UID or its id."))] = "",
    version: Annotated[int | None, typer.Option(help=_("The version to put back (see `history`)."))] = None,
    run: Annotated[int | None, typer.Option(help=_("Everything that this run changed (see `status --json`)."))] = None,
    since: Annotated[
        str, typer.Option(help=_("Everything since a time (2026-01-31T09:00, UTC) or for a while: 30m, 2h, 1d."))
    ] = "",
    actor: Annotated[str, typer.Option(help=_("Only what this one changed, as `history` names it."))] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    from agendahub.undoing import carry_out

    if sum((bool(item), run is not None, bool(since))) != 1:
        raise typer.BadParameter(_("name one item, or --run, or --since"))
    workspace = workspace_of(context)
    with workspace.database.begin() as unit:
        steps = _steps(unit, item, version, run, since, actor)
        done = carry_out(unit, steps) if yes else 0
    _show(steps, done, yes=yes, as_json=as_json)


def _steps(unit: SqlUnitOfWork, item: str, version: int | None, run: int | None, since: str, actor: str) -> list[Step]:
    from agendahub.undoing import put_back, undo_changes, undo_item

    if not item:
        return undo_changes(unit, run_id=run, since=_time(since) if since else None, actor=actor)
    found = one_item(unit.session.connection, item)
    if version is None:
        return undo_item(unit, found.id)
    _check_version(unit, found.id, version)
    return put_back(unit, found.id, version)


def _check_version(unit: SqlUnitOfWork, item_id: int, version: int) -> None:
    from storage.admin_history import revision

    row = revision(unit.session.connection, version)
    if row is None or row.item_id != item_id:
        raise Failure(
            _("This item has no version {version}; `agendahub history {item}` shows them.").format(
                version=version, item=item_id
            )
        )


def _time(written: str) -> datetime:
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if written[-1] in units and written[:-1].isdecimal():
        return datetime.now(UTC) - timedelta(**{units[written[-1]]: int(written[:-1])})
    try:
        found = datetime.fromisoformat(written)
    except ValueError as err:
        raise typer.BadParameter(_("--since takes a time such as 2026-01-31T09:00, or 30m, 2h, 1d")) from err
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _show(steps: list[Step], done: int, *, yes: bool, as_json: bool) -> None:
    if as_json:
        print_json({"done": yes, "changed": done, "steps": steps})
        return
    columns = {"item_id": _("Item"), "title": _("Title"), "action": _("Undo"), "reason": ""}
    listing(steps, columns, as_json=False, empty=_("There is nothing to undo."))
    if yes:
        say(
            plural(
                "{count} item changed; it goes out with the next sync.",
                "{count} items changed; they go out with the next sync.",
                done,
            )
        )
    elif steps:
        say(_("Nothing was changed yet; --yes does it."))
