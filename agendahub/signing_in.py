"""What the command and the web page share: whose sign-in it is, and the wait for the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agendahub.failure import Failure
from agendahub.output import console
from agendahub.texts import _
from agendahub.workspace import Workspace
from config.settings import AccountSettings
from connectors.microsoft import sign_in_person
from connectors.microsoft.sign_in_person import PersonSignIn
from connectors.microsoft.sign_in_scopes import Resource

RESOURCES = {"exchange": Resource.EWS, "microsoft365": Resource.GRAPH}


def person_sign_in(workspace: Workspace, account: AccountSettings) -> PersonSignIn:
    """Raises Failure for an account for which no person signs in."""
    if account.auth not in {"device", "web"}:
        said = _("Nobody signs in for account {name}: its auth is {auth}, and it needs device or web for that.")
        raise Failure(said.format(name=account.name, auth=account.auth))
    return PersonSignIn(workspace.connector_settings(account), RESOURCES.get(account.connector))


def try_app(workspace: Workspace, account: AccountSettings) -> None:
    """Ask for a token anew. Raises Failure, NotAuthorised, Unavailable."""
    workspace.tokens(account).forget()
    sign_in_person.try_app(workspace.connector_settings(account), RESOURCES.get(account.connector))


@contextmanager
def waiting(*, quiet: bool) -> Iterator[Callable[[float], None]]:
    """Shows how long there is still time, where standard error is a terminal."""
    screen = console(error=True)
    if quiet or not screen.is_terminal:
        yield lambda _left: None
        return
    with screen.status(_("Waiting ...")) as status:

        def tell(left: float) -> None:
            minutes, seconds = divmod(int(left), 60)
            told = _("Waiting for the sign-in, {minutes}:{seconds:02d} left; Ctrl-C gives up.")
            status.update(told.format(minutes=minutes, seconds=seconds))

        yield tell
