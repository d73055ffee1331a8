"""agendahub history ITEM"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, say
from agendahub.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.admin_history import ItemRow, RevisionRow


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_("Show every version of an item: when, by whom, what changed."),
        epilog=examples('agendahub history "Board meeting"', "agendahub history 42 --text", "agendahub undo --help"),
    )(history)


def history(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help=_("A part of its title, its UID, or its id."))],
    text: Annotated[bool, typer.Option("--text", help=_("Show the full text of each version."))] = False,
    as_json: AsJson = False,
) -> None:
    from storage.admin_history import revisions

    with workspace_of(context).database.read() as unit:
        found = one_item(unit.session.connection, item)
        versions = revisions(unit.session.connection, found.id)
    rows = [_row(version, before) for version, before in zip(versions, [None, *versions], strict=False)]
    if not as_json:
        say(
            _("{title} ({collection}), item {id}, UID {uid}").format(
                title=found.title or found.kind, collection=found.collection, id=found.id, uid=found.uid
            )
        )
    columns = {"id": _("Version"), "at": _("When"), "actor": _("Who"), "run_id": _("Run"), "changed": _("What")}
    listing(rows, columns, as_json=as_json, empty=_("No version is kept."))
    if text and not as_json:
        for version in versions:
            say(f"\n--- {version.id}\n{version.text}")


def _row(version: RevisionRow, before: RevisionRow | None) -> dict[str, Any]:
    from agendahub.output import as_data

    changed = [_("created")] if before is None else changed_fields(before.text, version.text)
    if version.role == "deleted":
        changed = [_("deleted")]
    elif before is not None and before.role == "deleted":
        changed = [_("restored"), *changed]
    row: dict[str, Any] = as_data(version)
    return row | {"changed": changed}


def changed_fields(before: str, after: str) -> list[str]:
    """Names of the fields in which two texts of one item differ."""
    from dataclasses import fields, is_dataclass

    from sync_engine.errors import Unreadable
    from sync_engine.item import Item

    try:
        old, new = Item.read(before, uid_if_missing="x").record, Item.read(after, uid_if_missing="x").record
    except Unreadable:
        return ["text"]
    if type(old) is not type(new):
        return ["kind"]
    names = [f.name for f in fields(old) if f.compare and getattr(old, f.name) != getattr(new, f.name)]
    if "master" not in names:
        return names
    first, second = getattr(old, "master", None), getattr(new, "master", None)
    if not is_dataclass(first) or not is_dataclass(second):
        return names
    inner = [f.name for f in fields(first) if f.compare and getattr(first, f.name) != getattr(second, f.name, None)]
    return [*inner, *(name for name in names if name != "master")]


def one_item(connection: Connection, words: str) -> ItemRow:
    """The one item that is meant. Raises Failure when none or several are."""
    from storage.admin_history import find_items

    found = find_items(connection, words)
    if not found:
        raise Failure(_("No item is called {words}; try a part of its title, its UID or its id.").format(words=words))
    if len(found) > 1:
        several = "; ".join(f"{row.id}: {row.title} ({row.collection})" for row in found[:10])
        raise Failure(_("Several items are meant, say which by its id: {items}.").format(items=several))
    return found[0]
