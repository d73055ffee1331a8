"""A person signs in for an account: what all systems share. What ends well is kept in ``settings.tokens``."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from connectors.kept_sign_in import Granted, Kept
from connectors.needs_sign_in import account_of
from connectors.settings import ConnectorSettings
from connectors.tokens import TokenStore
from sync_engine.errors import NotAuthorised


class WrongState(NotAuthorised):
    """An answer that belongs to no sign-in of ours: somebody else's, or one that ended."""


@dataclass(frozen=True, slots=True)
class BrowserSignIn:
    """A sign-in that was begun. The verifier (PKCE) is in `flow` and stays here."""

    url: str  # to be opened in a browser
    state: str  # comes back with the answer; random, good for one answer
    flow: dict[str, Any] = field(repr=False)


class InBrowser(Protocol):
    """A sign-in in a browser (RFC 6749 with PKCE, RFC 7636)."""

    def browser(self, redirect_uri: str) -> BrowserSignIn:
        """Begin: the browser will come back to `redirect_uri`. Raises NotAuthorised, Unavailable, Throttled."""

    def came_back(self, begun: BrowserSignIn, answer: Mapping[str, str]) -> str:
        """The browser brought this answer: who signed in. Raises NotAuthorised, Unavailable, Throttled."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the person has to type, and where."""

    code: str
    url: str
    expires_at: float  # seconds since 1970
    interval: float  # seconds between two looks
    flow: dict[str, Any] = field(repr=False)  # the library's own


class ByCode(Protocol):
    """A sign-in with a code that is typed on another screen (RFC 8628)."""

    def device_code(self) -> DeviceCode:
        """Begin with a code. Raises NotAuthorised, Unavailable, Throttled."""

    def wait(self, code: DeviceCode, tick: Callable[[float], None] = lambda _left: None) -> str:
        """Until the code was typed: who it was. `tick` hears how many seconds are left, about once a second."""


def place_of_tokens(settings: ConnectorSettings) -> TokenStore:
    """Raises ValueError where there is none."""
    if settings.tokens is None:
        raise ValueError("There is no place to keep the tokens of this sign-in.")
    return settings.tokens


def check_state(begun: BrowserSignIn, answer: Mapping[str, str]) -> None:
    """Raises WrongState for an answer to anything else."""
    if not secrets.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
        raise WrongState("This answer belongs to no sign-in that was begun here; begin anew.")


def keep(settings: ConnectorSettings, granted: Granted, made_for: str, system: str) -> str:
    """Keep what a sign-in gave: who signed in. Raises NotAuthorised for somebody else than before."""
    tokens = place_of_tokens(settings)
    with tokens.lock():
        before = Kept.read(tokens.load())
        fresh = Kept().renewed(granted, made_for, time.time())
        _same_person(settings, before, fresh)
        if not fresh.refresh_token:
            raise NotAuthorised(f"{system} gave no refresh token: the sign-in would end within the hour.")
        tokens.save(fresh.written())
    return fresh.person


def _same_person(settings: ConnectorSettings, before: Kept, now: Kept) -> None:
    """Another person's mailbox must not flow into what this account has synced (a browser picks whom it knows)."""
    name = account_of(settings)
    if before.identity and now.identity and before.identity != now.identity:
        raise NotAuthorised(
            f"{now.person} signed in, but this account is {before.person}'s; sign in as {before.person}, or first "
            f"run: agendahub account sign-out {name}."
        )
    wanted = settings.username
    if "@" in wanted and now.person and wanted.lower() != now.person.lower():
        raise NotAuthorised(
            f"{now.person} signed in, but the account's username is {wanted}; sign in as {wanted}, or change the "
            f"username of account {name}."
        )
