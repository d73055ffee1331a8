"""What the command and the web page share: whose sign-in it is, and the wait for the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agendahub.failure import Failure
from agendahub.output import console
from agendahub.texts import _
from agendahub.workspace import Workspace
from config.settings import AccountSettings
from connectors.microsoft import sign_in_person as microsoft
from connectors.microsoft.sign_in_scopes import Resource
from connectors.person_sign_in import InBrowser

GOOGLE = "google_workspace"
RESOURCES = {"exchange": Resource.EWS, "microsoft365": Resource.GRAPH}
_WAYS = {GOOGLE: ("desktop", "web")}  # how people sign in; at all others:
_OTHERS = ("device", "web")
_CONSENTS = {GOOGLE: "https://myaccount.google.com/connections"}
_OTHER_CONSENTS = "https://myapps.microsoft.com"


def system_of(account: AccountSettings) -> str:
    """Where people sign in, by its name."""
    return "Google" if account.connector == GOOGLE else "Microsoft"


def consents_of(account: AccountSettings) -> str:
    """Where people take back what they allowed."""
    return _CONSENTS.get(account.connector, _OTHER_CONSENTS)


def people_sign_in(connector: str, auth: str) -> bool:
    """Whether somebody has to sign in for such an account."""
    return auth in _WAYS.get(connector, _OTHERS)


def in_browser(workspace: Workspace, account: AccountSettings) -> InBrowser:
    """Raises Failure for an account for which no person signs in."""
    if account.connector != GOOGLE:
        return by_code(workspace, account)
    from connectors.google_workspace.sign_in_person import PersonSignIn

    _check_way(account)
    return PersonSignIn(workspace.connector_settings(account))


def by_code(workspace: Workspace, account: AccountSettings) -> microsoft.PersonSignIn:
    """Only Microsoft lets people type a code. Raises Failure for an account for which no person signs in."""
    _check_way(account)
    return microsoft.PersonSignIn(workspace.connector_settings(account), RESOURCES.get(account.connector))


def try_app(workspace: Workspace, account: AccountSettings) -> str:
    """Ask for a token anew; which app it was. Raises Failure, NotAuthorised, Unavailable."""
    workspace.tokens(account).forget()
    settings = workspace.connector_settings(account)
    if account.connector != GOOGLE:
        microsoft.try_app(settings, RESOURCES.get(account.connector))
        return account.client_id
    from connectors.google_workspace import sign_in

    sign_in.token_source(settings).token()
    return sign_in.service_account(settings)


def _check_way(account: AccountSettings) -> None:
    ways = _WAYS.get(account.connector, _OTHERS)
    if account.auth not in ways:
        said = _("Nobody signs in for account {name}: its auth is {auth}, and it needs {ways} for that.")
        raise Failure(said.format(name=account.name, auth=account.auth, ways=_(" or ").join(ways)))


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
