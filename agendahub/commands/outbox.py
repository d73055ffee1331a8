"""agendahub outbox list|sent|again|give-up"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, say
from agendahub.texts import _

if TYPE_CHECKING:
    from crm.actor import Actor
    from storage.unit_of_work import SqlUnitOfWork

group = typer.Typer(no_args_is_help=True)
MessageId = Annotated[int, typer.Argument(metavar="MESSAGE", help=_("From `agendahub outbox list`."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="outbox", help=_("Mails that wait to be sent, failed, or may have been sent."))


@group.command(
    "list",
    help=_("Show mails that are not sent yet, and why."),
    epilog=examples("agendahub outbox list", "agendahub outbox list --state doubt --json"),
)
def list_(
    context: typer.Context,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help=_("waiting, sending, doubt, failed, sent or given_up; several times.")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    from crm.actor import Actor
    from crm.answer.model import Waiting
    from crm.answer.outbox import outbox
    from crm.errors import CrmError

    admin, rows = Actor("admin", unlimited=True), list[Waiting]()
    wanted = tuple(state or ())
    try:
        with workspace_of(context).database.read() as unit:
            before: int | None = None
            while page := outbox(unit, admin, states=wanted, limit=500, before=before):
                rows += page
                before = page[-1].id
    except CrmError as err:
        raise Failure(str(err)) from err
    columns = {
        "message_id": _("Message"),
        "mailbox": _("From"),
        "state": _("State"),
        "recipients": _("To"),
        "subject": _("Subject"),
        "tries": _("Tries"),
        "next_at": _("Next try"),
        "error": _("Why"),
    }
    listing(rows, columns, as_json=as_json, empty=_("Everything was sent."))


@group.command(
    help=_("Say that a mail in doubt was sent, after you looked: it is not sent again."),
    epilog=examples("agendahub outbox sent 17"),
)
def sent(context: typer.Context, message: MessageId) -> None:
    from crm.answer.outbox import decide

    _say_of(context, lambda unit, admin: decide(unit, admin, message, was_sent=True))
    say(_("The mail counts as sent."))


@group.command(
    help=_("Send a mail that failed, or one in doubt of which you know that it was not sent."),
    epilog=examples("agendahub outbox again 17"),
)
def again(context: typer.Context, message: MessageId) -> None:
    from crm.answer.outbox import decide

    _say_of(context, lambda unit, admin: decide(unit, admin, message, was_sent=False))
    say(_("The mail is sent with the next look at the outbox; `agendahub serve` does that."))


@group.command(
    "give-up",
    help=_("Send a mail that failed, or one in doubt, no more: the status does not name it any longer."),
    epilog=examples("agendahub outbox give-up 17"),
)
def give_up(context: typer.Context, message: MessageId) -> None:
    from crm.answer import outbox

    _say_of(context, lambda unit, admin: outbox.give_up(unit, admin, message))
    say(_("The mail is not sent any more."))


def _say_of(context: typer.Context, saying: Callable[[SqlUnitOfWork, Actor], None]) -> None:
    from crm.actor import ADMIN
    from crm.errors import CrmError

    try:
        with workspace_of(context).database.begin() as unit:
            saying(unit, ADMIN)
    except CrmError as err:
        raise Failure(str(err)) from err
