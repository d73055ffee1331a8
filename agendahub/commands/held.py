"""agendahub held list|show|approve|discard"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, Yes, examples, sure, workspace_of
from agendahub.output import as_data, listing, print_json, say
from agendahub.refusals import Missing
from agendahub.texts import _, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agendahub.held import Asked
    from agendahub.workspace import Workspace
    from storage.admin_holds import HoldRow

group = typer.Typer(no_args_is_help=True)
_SAMPLES = 3  # titles that a person is shown; `held show` has all


class Side(StrEnum):
    """Where held deletions would happen."""

    HUB = "hub"
    REMOTE = "remote"


BindingName = Annotated[str, typer.Argument(metavar="BINDING", help=_("From `agendahub held list`."))]
SideOption = Annotated[Side | None, typer.Option(help=_("Only deletions in the hub, or only those at the remote."))]
MarkOption = Annotated[str, typer.Option(help=_("Only if the list is still the one with this mark (from `list`)."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="held", help=_("Deletions that wait for you because they are many at once."))


@group.command(
    "list",
    help=_("Show which deletions wait, why, and some of the items."),
    epilog=examples("agendahub held list", "agendahub held list --json"),
)
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from storage.admin_holds import holds

    with workspace_of(context).database.read() as unit:
        rows = holds(unit.session.connection)
    columns = {
        "binding": _("Binding"),
        "side": _("Deletes in"),
        "count": _("Items"),
        "at": _("Since"),
        "samples": _("For example"),
        "answer": _("Answered"),
        "mark": _("Mark"),
    }
    shown = rows if as_json else [as_data(row) | {"samples": _some(row.samples, row.count)} for row in rows]
    listing(shown, columns, as_json=as_json, empty=_("Nothing is held."))
    if not as_json:
        for row in rows:
            say(f"{row.binding}: {row.reason}")


def _some(samples: Sequence[str], count: int) -> str:
    shown = ", ".join(samples[:_SAMPLES])
    more = count - min(len(samples), _SAMPLES)
    return _("{shown} and {more} more").format(shown=shown, more=more) if shown and more else shown


@group.command(
    help=_("Show every item whose deletion waits."), epilog=examples('agendahub held show "work agenda" --side hub')
)
def show(
    context: typer.Context,
    binding: BindingName,
    side: SideOption = None,
    limit: Annotated[int, typer.Option(help=_("How many of each side."), min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    from agendahub.held import Asked, held_of

    with workspace_of(context).database.read() as unit:
        items = held_of(unit, Asked(binding, side or ""), limit)
        rows = [row for row in _rows(context, binding) if side in (None, row.side)]
    if as_json:
        print_json([as_data(row) | {"items": [i for i in items if i.side == row.side]} for row in rows])
        return
    for row in rows:
        say(f"{row.reason} ({row.mark})")
    columns = {"side": _("Deletes in"), "item_id": _("Item"), "title": _("Title"), "starts": _("Starts"), "uid": "UID"}
    listing(items, columns, as_json=False, empty=_("Nothing is held for {name}.").format(name=binding))
    if rows:
        ways = _(
            'Let them be deleted: agendahub held approve "{name}". Bring them back: agendahub held discard "{name}"'
        )
        say(ways.format(name=binding))


@group.command(
    help=_("Let the deletions that are listed now happen in the next cycle; what comes later waits anew."),
    epilog=examples('agendahub held approve "work agenda"', "agendahub held approve book --mark 1f00c0ffee12 --yes"),
)
def approve(
    context: typer.Context, binding: BindingName, side: SideOption = None, mark: MarkOption = "", yes: Yes = False
) -> None:
    from agendahub.held import approve_held
    from agendahub.restoring import ADMIN
    from agendahub.workspace import utc_now

    asked = _confirmed(context, binding, side, mark, yes=yes, question=_("Let these items be deleted?"))
    with workspace_of(context).database.begin() as unit:
        count = sum(approve_held(unit, one, ADMIN, utc_now()) for one in asked)
    say(plural("{count} deletion passes in the next cycle.", "{count} deletions pass in the next cycle.", count))


@group.command(
    help=_("Refuse the deletions that are listed now: the items come back where they were lost, under their UIDs."),
    epilog=examples('agendahub held discard "work agenda"'),
)
def discard(
    context: typer.Context, binding: BindingName, side: SideOption = None, mark: MarkOption = "", yes: Yes = False
) -> None:
    from agendahub.held import discard_held
    from agendahub.restoring import ADMIN
    from agendahub.workspace import utc_now

    asked = _confirmed(context, binding, side, mark, yes=yes, question=_("Bring these items back?"))
    with workspace_of(context).database.begin() as unit:
        answers = [discard_held(unit, one, ADMIN, utc_now()) for one in asked]
    count = sum(back for back, _problems in answers)
    say(plural("{count} item comes back with the next sync.", "{count} items come back with the next sync.", count))
    for problem in [problem for _back, problems in answers for problem in problems]:
        say(_("Not brought back: {problem}").format(problem=problem))


def _confirmed(
    context: typer.Context, binding: str, side: Side | None, mark: str, *, yes: bool, question: str
) -> list[Asked]:
    """What the admin saw when he said yes: that, and not what came meanwhile."""
    from agendahub.held import Asked

    rows = [row for row in _rows(context, binding) if side in (None, row.side)]
    if not rows:
        workspace: Workspace = workspace_of(context)
        workspace.binding(binding)
        raise Missing(_("Nothing is held for {name}.").format(name=binding))
    if mark:
        return [Asked(binding, side or "", mark)]
    if not yes:
        for row in rows:
            say(f"{row.reason}: {_some(row.samples, row.count)}")
    sure(question, yes=yes)
    return [Asked(binding, row.side, row.mark) for row in rows]


def _rows(context: typer.Context, binding: str) -> list[HoldRow]:
    from storage.admin_holds import holds

    with workspace_of(context).database.read() as unit:
        return holds(unit.session.connection, binding)
