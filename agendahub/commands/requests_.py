"""agendahub request list|show|close"""

from __future__ import annotations

from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.output import listing, print_json, say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)
Number = Annotated[str, typer.Argument(metavar="NUMBER", help=_("Of the request: R-2026-000017."))]
PAGE = 200


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="request", help=_("Customer requests (docs/requests.md)."))


@group.command(
    "list",
    help=_("Show requests, those that changed last first."),
    epilog=examples("agendahub request list", 'agendahub request list --all --text "invoice 4711" --json'),
)
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help=_("Closed ones, too."))] = False,
    spam: Annotated[bool, typer.Option("--spam", help=_("Nothing but spam."))] = False,
    unassigned: Annotated[bool, typer.Option("--unassigned", help=_("Nobody is responsible for them."))] = False,
    text: Annotated[str, typer.Option(help=_("Words of subject, customer and mails."))] = "",
    limit: Annotated[int, typer.Option(min=1, help=_("How many at most."))] = 50,
    as_json: AsJson = False,
) -> None:
    from crm.actor import ADMIN
    from crm.request import listing as lists
    from crm.request.model import Card, Filter

    is_open = None if everything or spam else True
    wanted = Filter(is_open=is_open, spam=spam, unassigned=unassigned, text=text)
    rows: list[Card] = []
    with workspace_of(context).database.read() as unit:
        after, more = "", True
        while more and len(rows) < limit:
            page = lists.page(unit, ADMIN, wanted, after=after, limit=min(PAGE, limit - len(rows)))
            rows += page.cards
            after, more = page.after, bool(page.after)
    columns = {
        "number": _("Number"),
        "status_name": _("Status"),
        "responsible": _("Responsible"),
        "customer_name": _("Customer"),
        "subject": _("Subject"),
        "changed_at": _("Changed"),
    }
    listing(rows, columns, as_json=as_json, empty=_("No requests."))


@group.command(
    help=_("Show one request, its newest message and its history."), epilog=examples("agendahub request show R-2026-17")
)
def show(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    from crm.actor import ADMIN
    from crm.request import history, reading, summary

    with workspace_of(context).database.read() as unit:
        found = reading.by_number(unit, ADMIN, number)
        short = summary.summary(unit, ADMIN, found.id)
        lines = history.history(unit, ADMIN, found.id)
    if as_json:
        print_json({"summary": short, "history": lines})
        return
    say(f"{found.number}  {found.subject}")
    state = _("open") if found.is_open else _("closed by {who}").format(who=found.closed_by)
    about = {
        _("Status"): f"{found.status_name}, {state}",
        _("Type"): found.type_name,
        _("Responsible"): found.responsible or _("nobody"),
        _("Customer"): f"{found.customer_name} {found.customer_address}".strip() or _("unknown"),
        _("Messages"): str(short.messages),
        _("Newest"): f"{short.last_from}: {short.last_text}" if short.last_text else "",
    }
    for name, value in about.items():
        if value:
            say(f"{name}: {value}")
    columns = {"at": _("When"), "actor": _("Who"), "action": _("What"), "after": _("To"), "reason": _("Why")}
    listing(lines, columns, as_json=False, empty="")


@group.command(
    help=_("Close a request."), epilog=examples('agendahub request close R-2026-17 --reason "sold elsewhere"')
)
def close(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help=_("Why; it stands in the history."))],
) -> None:
    from crm.actor import ADMIN
    from crm.request import closing, reading

    with workspace_of(context).database.begin() as unit:
        found = reading.by_number(unit, ADMIN, number)
        closing.close(unit, ADMIN, found.id, found.version, reason)
    say(_("{number} is closed.").format(number=found.number))
