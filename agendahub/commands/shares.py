"""agendahub share add|remove|list, agendahub delegate add|remove|list"""

from __future__ import annotations

from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, say
from agendahub.texts import _

sharing = typer.Typer(no_args_is_help=True)
delegates = typer.Typer(no_args_is_help=True)

Collection = Annotated[str, typer.Argument(help=_("Whose and which: ada/plans. `agendahub collections` shows them."))]
Other = Annotated[str, typer.Argument(help=_("Who gets it, or has it."))]
Owner = Annotated[str, typer.Argument(help=_("For whom somebody acts."))]
Delegate = Annotated[str, typer.Argument(help=_("Who acts for that user."))]
Writes = Annotated[bool, typer.Option("--write", help=_("To change it too, not only to read it."))]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(sharing, name="share", help=_("Show a user's own calendar or address book to another."))
    app.add_typer(delegates, name="delegate", help=_("Let a user act in another's calendars and address books."))


@sharing.command(
    help=_("Share a collection: it is on the other's devices at their next sync."),
    epilog=examples("agendahub share add ada/plans bob", "agendahub share add ada/plans bob --write"),
)
def add(context: typer.Context, collection: Collection, user: Other, write: Writes = False) -> None:
    named = _share(context, collection, user, "write" if write else "read")
    said = _("{user} may change {collection}.") if write else _("{user} may read {collection}.")
    say(said.format(user=user, collection=named))


@sharing.command(
    help=_("End a share: it goes away on the other's devices."), epilog=examples("agendahub share remove ada/plans bob")
)
def remove(context: typer.Context, collection: Collection, user: Other) -> None:
    named = _share(context, collection, user, "")
    say(_("{user} does not see {collection} any more.").format(user=user, collection=named))


@sharing.command("list", help=_("Show who sees what of whom."), epilog=examples("agendahub share list --json"))
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from storage.admin_sharing import shares

    with workspace_of(context).database.read() as unit:
        rows = shares(unit.session.connection)
    columns = {"owner": _("Owner"), "slug": _("Collection"), "name": _("Name"), "user": _("User"), "access": _("May")}
    listing(rows, columns, as_json=as_json, empty=_("Nobody shares anything; `agendahub share add` does it."))


def _share(context: typer.Context, collection: str, user: str, access: str) -> str:
    from agendahub.named_collection import address_of, named_collection
    from crm import audit
    from crm.actor import ADMIN
    from storage.admin_people import user_id
    from storage.dav_sharing import set_share

    with workspace_of(context).database.begin() as unit:
        connection = unit.session.connection
        row, other = named_collection(connection, collection), user_id(connection, user)
        if not row.owner:
            raise Failure(_("{name} is the company's: every user sees it already.").format(name=row.name))
        if row.owner == user:
            raise Failure(_("{name} is {user}'s own.").format(name=row.name, user=user))
        if not set_share(connection, row.id, other, access) and not access:
            told = _("{name} is not shared with {user}; `agendahub share list` shows all shares.")
            raise Failure(told.format(name=address_of(row), user=user))
        audit.note(unit, ADMIN, "share.edit", f"collection {address_of(row)}", f"{user}: {access or 'none'}")
    return address_of(row)


# ---------------------------------------------------------------- delegates


@delegates.command(
    "add",
    help=_("Let somebody read, or with --write change, all of a user's own calendars and address books."),
    epilog=examples("agendahub delegate add ada bob --write"),
)
def add_delegate(context: typer.Context, owner: Owner, user: Delegate, write: Writes = False) -> None:
    _delegate(context, owner, user, "write" if write else "read")
    say(_("{user} acts for {owner} now.").format(user=user, owner=owner))


@delegates.command("remove", help=_("End it."), epilog=examples("agendahub delegate remove ada bob"))
def remove_delegate(context: typer.Context, owner: Owner, user: Delegate) -> None:
    _delegate(context, owner, user, "")
    say(_("{user} does not act for {owner} any more.").format(user=user, owner=owner))


@delegates.command("list", help=_("Show who acts for whom."), epilog=examples("agendahub delegate list --json"))
def list_delegates(context: typer.Context, as_json: AsJson = False) -> None:
    from storage.admin_sharing import delegates as all_delegates

    with workspace_of(context).database.read() as unit:
        rows = all_delegates(unit.session.connection)
    columns = {"owner": _("For"), "user": _("Acts"), "access": _("May")}
    listing(rows, columns, as_json=as_json, empty=_("Nobody acts for anybody; `agendahub delegate add` allows it."))


def _delegate(context: typer.Context, owner: str, user: str, access: str) -> None:
    from crm import audit
    from crm.actor import ADMIN
    from storage.admin_people import user_id
    from storage.dav_sharing import set_delegate

    if owner == user:
        raise Failure(_("Nobody is his own delegate."))
    with workspace_of(context).database.begin() as unit:
        connection = unit.session.connection
        if not set_delegate(connection, user_id(connection, owner), user_id(connection, user), access) and not access:
            told = _("{user} is not a delegate of {owner}; `agendahub delegate list` shows them all.")
            raise Failure(told.format(user=user, owner=owner))
        audit.note(unit, ADMIN, "share.edit", f"user {owner}", f"delegate {user}: {access or 'none'}")
