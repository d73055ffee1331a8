"""A person signs in at Google in a browser (RFC 6749 with PKCE, RFC 7636; on this machine also RFC 8252).

What ends well is kept in ``settings.tokens``; the account's next request uses it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from google_auth_oauthlib.flow import Flow
from oauthlib.oauth2 import InsecureTransportError, OAuth2Error
from requests_oauthlib import OAuth2Session

from connectors.google_workspace.sign_in import granted
from connectors.google_workspace.sign_in_asking import NONSENSE, answer_of
from connectors.google_workspace.sign_in_client import client_of, made_for
from connectors.google_workspace.sign_in_places import auth_uri, authority_of, token_uri
from connectors.google_workspace.sign_in_refusals import not_consented, refusal
from connectors.google_workspace.sign_in_scopes import scopes_of
from connectors.kept_sign_in import Granted
from connectors.person_sign_in import BrowserSignIn, check_state, keep, place_of_tokens
from connectors.settings import ConnectorSettings
from connectors.sign_in_http import SignInHttp
from sync_engine.errors import Unavailable


class PersonSignIn:
    """For one account with ``auth`` desktop or web. A `connectors.person_sign_in.InBrowser`."""

    def __init__(self, settings: ConnectorSettings) -> None:
        place_of_tokens(settings)
        self._settings, self._scopes = settings, scopes_of(settings)

    def browser(self, redirect_uri: str) -> BrowserSignIn:
        """As `InBrowser`. Asks for a refresh token each time: Google gives none to whom it remembers."""
        state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        hint = {"login_hint": self._settings.username} if self._settings.username else {}
        with self._flow(redirect_uri, "", self._scopes) as flow:
            url, _state = flow.authorization_url(
                state=state,
                nonce=nonce,
                access_type="offline",
                prompt="consent" if hint else "select_account consent",
                include_granted_scopes="true",
                **hint,
            )
        return BrowserSignIn(
            str(url), state, {"redirect_uri": redirect_uri, "verifier": flow.code_verifier, "nonce": nonce}
        )

    def came_back(self, begun: BrowserSignIn, answer: Mapping[str, str]) -> str:
        """As `InBrowser`. Raises NotAuthorised also where the person unticked a permission."""
        check_state(begun, answer)
        if answer.get("error") or not answer.get("code"):
            raise refusal(answer, self._settings)
        given = self._redeemed(begun, answer["code"])
        if lacking := [scope for scope in self._scopes if scope not in given.scopes]:
            raise not_consented(lacking, self._settings)
        return keep(self._settings, given, made_for(self._settings), "Google")

    def _redeemed(self, begun: BrowserSignIn, code: str) -> Granted:
        """No scopes are named: the library takes it ill when others are given than were asked for."""
        with self._flow(begun.flow["redirect_uri"], begun.flow["verifier"], None) as flow:
            flow.fetch_token(code=code, include_client_id=True)
            return granted(flow.oauth2session.answer, self._settings, self._scopes, begun.flow["nonce"])

    @contextmanager
    def _flow(self, redirect_uri: str, verifier: str, scopes: list[str] | None) -> Iterator[Flow]:
        client, http = client_of(self._settings), SignInHttp(self._settings, plain_here=True)
        kind = "web" if self._settings.auth == "web" else "installed"
        places = {"auth_uri": auth_uri(self._settings), "token_uri": token_uri(self._settings)}
        config = {kind: {"client_id": client.id, "client_secret": client.secret, **places}}
        session = _Session(self._settings, http, client_id=client.id, scope=scopes, redirect_uri=redirect_uri)
        try:
            yield Flow(session, kind, config, redirect_uri, verifier or None)
        except InsecureTransportError:
            said = f"The sign-in at {authority_of(self._settings)} is not over https; nothing was sent there."
            raise Unavailable(said) from None
        except (OAuth2Error, ValueError):  # an answer that holds no token
            raise Unavailable(NONSENSE) from None
        finally:
            http.close()


class _Session(OAuth2Session):  # type: ignore[misc]  # the library has no types
    """The library's session, over our own way out: bounded, without the environment, with our errors."""

    def __init__(self, settings: ConnectorSettings, http: SignInHttp, **more: Any) -> None:
        super().__init__(**more)
        self._settings, self._http = settings, http
        self.answer: dict[str, Any] = {}  # as it came

    def request(self, method: str, url: str, *, data: Any = None, headers: Any = None, **_more: Any) -> Any:
        """The one request for tokens. Raises NotAuthorised, Unavailable, Throttled."""
        assert method == "POST"
        got: requests.Response = self._http.post(url, data=data, headers=headers)
        self.answer = answer_of(got.content)
        if self.answer.get("error"):
            raise refusal(self.answer, self._settings)
        return got
