"""A person signs in: with a code on another screen (RFC 8628), or in a browser (RFC 6749 with PKCE, RFC 7636).

What ends well is kept in ``settings.tokens``; the account's next request uses it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.microsoft.sign_in import token_source
from connectors.microsoft.sign_in_app import application
from connectors.microsoft.sign_in_kept import Kept, made_for
from connectors.microsoft.sign_in_refusals import account_of, refusal
from connectors.microsoft.sign_in_scopes import Resource, resource_of, scopes_of
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised, Throttled, Unavailable

_PENDING = {"authorization_pending", "slow_down"}


class WrongState(NotAuthorised):
    """An answer that belongs to no sign-in of ours: somebody else's, or one that ended."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the person has to type, and where."""

    code: str
    url: str
    expires_at: float  # seconds since 1970
    interval: float  # seconds between two looks
    flow: dict[str, Any] = field(repr=False)  # msal's own


@dataclass(frozen=True, slots=True)
class BrowserSignIn:
    """A sign-in that was begun. The verifier (PKCE) is in `flow` and stays here."""

    url: str  # to be opened in a browser
    state: str  # comes back with the answer; random, good for one answer
    flow: dict[str, Any] = field(repr=False)


class PersonSignIn:
    """For one account with ``auth`` device or web."""

    def __init__(self, settings: ConnectorSettings, resource: Resource | None = None) -> None:
        if settings.tokens is None:
            raise ValueError("There is no place to keep the tokens of this sign-in.")
        self._settings, self._tokens = settings, settings.tokens
        self._resource = resource or resource_of(settings)
        self._scopes = scopes_of(settings, self._resource)

    def device_code(self) -> DeviceCode:
        """Begin with a code. Raises NotAuthorised, Unavailable, Throttled."""
        with application(self._settings) as app:
            flow = app.initiate_device_flow(scopes=self._scopes)
        if "user_code" not in flow:
            raise refusal(flow, self._settings)
        url = str(flow.get("verification_uri") or flow.get("verification_url") or "")
        return DeviceCode(str(flow["user_code"]), url, float(flow["expires_at"]), float(flow["interval"]), flow)

    def typed(self, code: DeviceCode) -> str | None:
        """Ask once whether the code was typed: who it was, or None while nobody has."""
        with application(self._settings) as app:
            answer = app.acquire_token_by_device_flow(code.flow, exit_condition=lambda _flow: True)
        return None if answer.get("error") in _PENDING else self._keep(answer)

    def wait(
        self,
        code: DeviceCode,
        tick: Callable[[float], None] = lambda _left: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> str:
        """Until the code was typed: who it was. `tick` hears how many seconds are left, about once a second."""
        look_at = clock() + code.interval
        while (left := code.expires_at - clock()) > 0:
            tick(left)
            if clock() >= look_at:
                person, pause = self._looked(code)
                if person is not None:
                    return person
                look_at = clock() + pause
            sleep(1.0)
        raise refusal({"error": "expired_token"}, self._settings)

    def _looked(self, code: DeviceCode) -> tuple[str | None, float]:
        """Who typed it, else how long to wait: the network may fail while the person types."""
        try:
            return self.typed(code), float(code.flow.get("interval", code.interval))
        except Throttled as err:
            return None, err.retry_after
        except Unavailable:
            return None, code.interval * 2

    def browser(self, redirect_uri: str) -> BrowserSignIn:
        """Begin in a browser, which comes back to `redirect_uri` with a form (the code in no address)."""
        with application(self._settings) as app:
            flow = app.initiate_auth_code_flow(
                self._scopes,
                redirect_uri=redirect_uri,
                state=secrets.token_urlsafe(32),
                response_mode="form_post",
                login_hint=self._settings.username or None,
                prompt="select_account",
            )
        return BrowserSignIn(str(flow["auth_uri"]), str(flow["state"]), flow)

    def came_back(self, begun: BrowserSignIn, answer: Mapping[str, str]) -> str:
        """The browser brought this answer: who signed in. Raises NotAuthorised, Unavailable, Throttled."""
        if not secrets.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise WrongState("This answer belongs to no sign-in that was begun here; begin anew.")
        with application(self._settings) as app:
            return self._keep(app.acquire_token_by_auth_code_flow(begun.flow, dict(answer)))

    def _keep(self, answer: Mapping[str, Any]) -> str:
        if "access_token" not in answer:
            raise refusal(answer, self._settings)
        with self._tokens.lock():
            before = Kept.read(self._tokens.load())
            fresh = Kept().renewed(answer, made_for(self._settings, self._resource), self._scopes, time.time())
            self._same_person(before, fresh)
            if not fresh.refresh_token:
                raise NotAuthorised("Microsoft gave no refresh token: the sign-in would end within the hour.")
            self._tokens.save(fresh.written())
        return fresh.person

    def _same_person(self, before: Kept, now: Kept) -> None:
        """Another person's mailbox must not flow into what this account has synced (a browser picks whom it knows)."""
        name = account_of(self._settings)
        if before.identity and now.identity and before.identity != now.identity:
            raise NotAuthorised(
                f"{now.person} signed in, but this account is {before.person}'s; sign in as {before.person}, or first "
                f"run: agendahub account sign-out {name}."
            )
        wanted = self._settings.username
        if "@" in wanted and now.person and wanted.lower() != now.person.lower():
            raise NotAuthorised(
                f"{now.person} signed in, but the account's username is {wanted}; sign in as {wanted}, or change the "
                f"username of account {name}."
            )


def try_app(settings: ConnectorSettings, resource: Resource | None = None) -> None:
    """Whether the program can sign in by itself. Raises NotAuthorised, Unavailable, Throttled."""
    token_source(settings, resource).token()
