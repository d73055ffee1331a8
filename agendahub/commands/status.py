"""agendahub status"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.output import listing, print_json, say
from agendahub.texts import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agendahub.health import Health
    from agendahub.mailbox_health import MailboxHealth
    from storage.admin_holds import HoldRow
    from storage.push_subscriptions import PushState


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        help=_("Show how every binding is: ok only if its last cycle finished. Exit code 1 if something needs you."),
        epilog=examples("agendahub status", "agendahub status --json"),
    )(status)


def status(context: typer.Context, as_json: AsJson = False) -> None:
    from agendahub.fanout_members import problems
    from agendahub.health import health_of
    from agendahub.mailbox_health import mailbox_health
    from agendahub.outbox_words import not_sent, to_decide
    from agendahub.push_health import push_of
    from agendahub.workspace import utc_now
    from storage.admin_config import account_states
    from storage.admin_history import runs
    from storage.admin_holds import holds
    from storage.admin_lists import bindings
    from storage.crm.outbox import standing
    from storage.push_subscriptions import push_states

    workspace = workspace_of(context)
    with workspace.database.read() as unit:
        connection = unit.session.connection
        rows = {row.name: row for row in bindings(connection)}
        held, last_runs, accounts = holds(connection), runs(connection, 20), account_states(connection)
        stored = push_states(connection)
        boxes = mailbox_health(connection, workspace.settings, utc_now())
        outbox = standing(connection)
    found = health_of(workspace.settings, rows, accounts, utc_now())
    push = push_of(workspace.settings, stored, found)
    told = problems(workspace, workspace.settings)
    if as_json:
        rows_told = {"bindings": found, "mailboxes": boxes, "push": push, "held": held, "outbox": outbox}
        print_json({**rows_told, "fanouts": told, "runs": last_runs})
    else:
        _show(found, held)
        _show_mailboxes(boxes)
        _show_push(push)
        for problem in [*told, *to_decide(outbox), *not_sent(outbox)]:
            say(problem)
    if told or to_decide(outbox) or not (all(health.is_well for health in found) and all(box.is_well for box in boxes)):
        raise typer.Exit(1)


def _show(found: Sequence[Health], held: Sequence[HoldRow]) -> None:
    columns = {
        "binding": _("Binding"),
        "state": _("State"),
        "last_ok_at": _("Last finished"),
        "last_change_in_at": _("Last change in"),
        "last_change_out_at": _("Last change out"),
        "links": _("Items"),
        "waiting": _("Waiting"),
        "conflicts": _("Conflicts"),
        "quarantined": _("Quarantine"),
    }
    listing(found, columns, as_json=False, empty=_("No bindings yet; add one with `agendahub binding add`."))
    for health in found:
        if health.detail and not _is_told(health, held):
            say(f"{health.binding}: {health.detail}")
    for hold in held:
        answered = _(" (answered: {answer})").format(answer=hold.answer) if hold.answer else ""
        text = _('{binding}: {reason}{answered}; agendahub held show "{binding}"')
        say(text.format(binding=hold.binding, reason=hold.reason, answered=answered))


def _show_mailboxes(boxes: Sequence[MailboxHealth]) -> None:
    for box in boxes:
        detail = f" ({box.detail})" if box.detail else ""
        say(_("Mailbox {name}: {state}{detail}").format(name=box.mailbox, state=box.state, detail=detail))


def _show_push(push: Sequence[PushState]) -> None:
    from agendahub.push_health import sentence

    for state in push:
        say(sentence(state))


def _is_told(health: Health, held: Sequence[HoldRow]) -> bool:
    """Whether what is wrong is only that deletions are held: these are told by themselves."""
    reasons = [hold.reason for hold in held if hold.binding == health.binding]
    return bool(reasons) and (health.state in {"ok", "paused"} or health.detail in reasons)
