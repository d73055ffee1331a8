"""Who signed in, by the id token that comes with the others (OpenID Connect Core 1.0, section 3.1.3.7).

It comes over TLS from the token endpoint itself, which takes the place of checking its signature there (point 6).
"""

from __future__ import annotations

import time
from typing import Any

from google.auth import jwt

from connectors.google_workspace.sign_in_places import authority_of
from connectors.google_workspace.sign_in_refusals import CLOCK
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised

_GOOGLE = {"https://accounts.google.com", "accounts.google.com"}
_SLACK = 300.0  # seconds that clocks may differ


def who(token: str, client_id: str, settings: ConnectorSettings, nonce: str = "") -> tuple[str, str]:
    """The person's address, and Google's number for them, which stays when the address changes.

    Empty without a token. Raises NotAuthorised for one that was made for somebody else.
    """
    if not token:
        return "", ""
    claims = _claims(token)
    if _number(claims.get("exp")) < time.time() - _SLACK:
        raise NotAuthorised(f"The sign-in came with a time that is long past: {CLOCK}; set it, and sign in again.")
    ours = claims.get("aud") == client_id and claims.get("iss") in _GOOGLE | {authority_of(settings)}
    if not ours or (nonce and claims.get("nonce") != nonce):
        raise NotAuthorised("The sign-in service told who signed in, but to another program; sign in again.")
    return str(claims.get("email") or ""), str(claims.get("sub") or "")


def _claims(token: str) -> dict[str, Any]:
    try:
        return dict(jwt.decode(token, verify=False))  # type: ignore[no-untyped-call]
    except ValueError:
        raise NotAuthorised("The sign-in service did not tell clearly who signed in; sign in again.") from None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
