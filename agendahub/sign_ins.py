"""Sign-ins that the admin API began and that wait for a browser to come back. In memory, each for one answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from agendahub.signing_in import in_browser, system_of
from agendahub.texts import _
from agendahub.workspace import Workspace
from config.settings import AccountSettings
from connectors.person_sign_in import BrowserSignIn, InBrowser, WrongState

LIFETIME = 600.0  # seconds that a person gets to sign in
_MOST = 50  # that wait at a time; the oldest give way
CALLBACKS = {"Google": "/sign-in/google/callback", "Microsoft": "/sign-in/microsoft/callback"}

log = structlog.get_logger("agendahub.sign_ins")


@dataclass(frozen=True, slots=True)
class _Waiting:
    account: AccountSettings
    signing: InBrowser = field(repr=False)
    begun: BrowserSignIn = field(repr=False)
    until: float


def callback_of(account: AccountSettings) -> str:
    """Where a browser comes back to: the path that the app's registration names."""
    return CALLBACKS[system_of(account)]


class SignIns:
    """Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}

    def begin(self, workspace: Workspace, account: AccountSettings, redirect_uri: str) -> str:
        """The address to open in a browser. Raises Failure, NotAuthorised, Unavailable."""
        signing = in_browser(workspace, account)
        begun = signing.browser(redirect_uri)
        with self._lock:
            self._drop_old()
            self._waiting[begun.state] = _Waiting(account, signing, begun, self._clock() + LIFETIME)
        log.info("a sign-in was begun", account=account.name)
        return begun.url

    def finish(self, workspace: Workspace, answer: Mapping[str, str]) -> tuple[str, str]:
        """The account and who signed in. Raises WrongState, NotAuthorised, Unavailable, StoreError."""
        with self._lock:
            found = self._waiting.pop(answer.get("state", ""), None)
        if found is None or found.until < self._clock() or workspace.settings.account(found.account.name) is None:
            raise WrongState(_("This sign-in was not begun here, was used before, or took too long; begin it anew."))
        if workspace.settings.account(found.account.name) != found.account:
            raise WrongState(_("The account was changed meanwhile; begin the sign-in anew."))
        who = found.signing.came_back(found.begun, answer)
        log.info("signed in", account=found.account.name)
        return found.account.name, who

    def _drop_old(self) -> None:
        now = self._clock()
        alive = {state: one for state, one in self._waiting.items() if one.until >= now}
        self._waiting = dict(list(alive.items())[-(_MOST - 1) :])
