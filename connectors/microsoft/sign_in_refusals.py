"""What a token endpoint's refusal means, and what an admin does about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.needs_sign_in import AGAIN, account_of
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised, SyncError, Unavailable

_PASSING = {"temporarily_unavailable", "server_error", "request_timeout", "slow_down"}
_PASSING_NUMBERS = {"AADSTS50196", "AADSTS90033", "AADSTS90025"}
_SECRET = "make a new one at the app's registration and give it: agendahub account secret {account}"  # noqa: S105
_NUMBERS = {  # Microsoft's number -> what it is, and what to do
    "AADSTS700082": ("the sign-in was not used for 90 days and has run out", AGAIN),
    "AADSTS70008": ("the sign-in has run out", AGAIN),
    "AADSTS700084": ("the sign-in has run out after a fixed time", AGAIN),
    "AADSTS50173": ("the password was changed or all sign-ins were revoked", AGAIN),
    "AADSTS50132": ("the password was changed or all sign-ins were revoked", AGAIN),
    "AADSTS50133": ("the password was changed or has run out", AGAIN),
    "AADSTS50076": ("a second factor is asked for", AGAIN),
    "AADSTS50078": ("a second factor is asked for again", AGAIN),
    "AADSTS50079": ("a second factor has to be set up", AGAIN),
    "AADSTS53003": (
        "a rule of the organisation (conditional access) forbids it",
        "ask its administrator, then " + AGAIN,
    ),
    "AADSTS65001": ("nobody consented to these permissions", "let an administrator consent, then " + AGAIN),
    "AADSTS65004": ("the person said no", AGAIN),
    "AADSTS50105": (
        "the person is not assigned to the app",
        "assign them to the enterprise app, then " + AGAIN,
    ),
    "AADSTS50057": ("the person's account is disabled", "let an administrator enable it, then " + AGAIN),
    "AADSTS50020": ("the person is no member of this tenant", "check tenant and who signs in, then " + AGAIN),
    "AADSTS50034": ("the person is not known there", "check tenant and who signs in, then " + AGAIN),
    "AADSTS50194": ("the app is for one tenant only", "set the account's tenant, then " + AGAIN),
    "AADSTS700016": ("the app is not known in this tenant", "check the account's client_id and tenant"),
    "AADSTS90002": ("the tenant is not known", "check the account's tenant"),
    "AADSTS7000215": ("the app's secret is wrong (its value is asked for, not its id)", _SECRET),
    "AADSTS7000222": ("the app's secret has run out", _SECRET),
    "AADSTS700027": ("the app's certificate is not the registered one", "upload it at the app's registration"),
    "AADSTS7000218": (
        "the app is registered as one that needs a secret",
        'turn on "Allow public client flows" at the app\'s registration, or give the account a secret',
    ),
    "AADSTS70011": ("a scope is not known", "check the account's scopes"),
    "AADSTS500011": ("the server is not known as a resource of this tenant", "check the account's url and scopes"),
    "AADSTS50011": ("the app has no such redirect address", "add it at the app's registration"),
}
_ERRORS = {
    "invalid_grant": ("the sign-in is not accepted any more", AGAIN),
    "interaction_required": ("the person has to be asked again", AGAIN),
    "consent_required": ("nobody consented to these permissions", "let an administrator consent, then " + AGAIN),
    "login_required": ("the person has to sign in again", AGAIN),
    "expired_token": ("the code was not typed in time", AGAIN),
    "code_expired": ("the code was not typed in time", AGAIN),
    "authorization_declined": ("the person said no", AGAIN),
    "access_denied": ("the person or their administrator said no", AGAIN),
    "invalid_client": ("the app's proof is not accepted", "check client_id and the secret or certificate"),
    "unauthorized_client": ("the app may not sign in like this", "check client_id, tenant and the app's registration"),
    "invalid_scope": ("a scope is not known", "check the account's scopes"),
}


def refusal(answer: Mapping[str, Any], settings: ConnectorSettings) -> SyncError:
    """Of a token endpoint's error. Unavailable if it passes by itself, else NotAuthorised."""
    error, said = str(answer.get("error") or "no error code"), _words(answer)
    number = next(iter(re.findall(r"AADSTS\d+", said)), "")
    if error in _PASSING or number in _PASSING_NUMBERS:
        return Unavailable(f"The sign-in service cannot answer now ({number or error}).", server_said=said)
    what, advice = _NUMBERS.get(number) or _ERRORS.get(error) or ("the sign-in is refused", AGAIN)
    todo = advice.format(account=account_of(settings))
    return NotAuthorised(f"Needs sign-in: {what} ({number or error}); {todo}.", server_said=said)


def _words(answer: Mapping[str, Any]) -> str:
    """The server's, without its trace numbers."""
    lines = str(answer.get("error_description") or "").splitlines()
    return re.split(r"\s*Trace ID:", lines[0] if lines else "")[0][:300]
