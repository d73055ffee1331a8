"""A person signs in: with a code on another screen (RFC 8628), or in a browser (RFC 6749 with PKCE, RFC 7636).

What ends well is kept in ``settings.tokens``; the account's next request uses it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from connectors.microsoft.sign_in import granted, token_source
from connectors.microsoft.sign_in_app import application
from connectors.microsoft.sign_in_kept import made_for
from connectors.microsoft.sign_in_refusals import refusal
from connectors.microsoft.sign_in_scopes import Resource, resource_of, scopes_of
from connectors.person_sign_in import BrowserSignIn, DeviceCode, check_state, keep, place_of_tokens
from connectors.settings import ConnectorSettings
from sync_engine.errors import Throttled, Unavailable

_PENDING = {"authorization_pending", "slow_down"}


class PersonSignIn:
    """For one account with ``auth`` device or web."""

    def __init__(self, settings: ConnectorSettings, resource: Resource | None = None) -> None:
        place_of_tokens(settings)
        self._settings = settings
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
        check_state(begun, answer)
        with application(self._settings) as app:
            return self._keep(app.acquire_token_by_auth_code_flow(begun.flow, dict(answer)))

    def _keep(self, answer: Mapping[str, Any]) -> str:
        if "access_token" not in answer:
            raise refusal(answer, self._settings)
        made = made_for(self._settings, self._resource)
        return keep(self._settings, granted(answer, self._scopes), made, "Microsoft")


def try_app(settings: ConnectorSettings, resource: Resource | None = None) -> None:
    """Whether the program can sign in by itself. Raises NotAuthorised, Unavailable, Throttled."""
    token_source(settings, resource).token()
