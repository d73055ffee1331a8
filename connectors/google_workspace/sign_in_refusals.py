"""What a refusal by Google's sign-in means, and what an admin does about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from connectors.google_workspace.sign_in_scopes import named
from connectors.needs_sign_in import AGAIN, account_of
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess, NotAuthorised, SyncError, Unavailable

_Table: TypeAlias = Sequence[tuple[str, str, str, str]]
_PASSING = {"temporarily_unavailable", "server_error", "internal_failure", "rate_limit_exceeded"}
_NEW_KEY = "make a new key of the service account and give it: agendahub account secret {account}"
_DELEGATE = (
    "delegate these scopes to the key's client_id in the Admin console (docs/google.md has the list), and wait: that "
    "takes from minutes to a day"
)
_CLIENT = "compare client_id and secret with the OAuth client in the Google Cloud console"
CLOCK = "this machine's clock is wrong"
_NOBODY = "there is no such person in the domain"
_DELETED = "the person's account is deleted"
_NOT_FOR = "the service account may not act for this person with these scopes"
_OF_THE_PERSON = {_NOBODY, _DELETED, _NOT_FOR}
_TO_APPS = (  # (error, words in its description) -> what it is, and what to do; the first that fits
    ("invalid_grant", "invalid jwt signature", "the key of the service account is not known to Google", _NEW_KEY),
    ("invalid_grant", "short-lived token", CLOCK, "set the clock of this machine"),
    ("invalid_grant", "account not found", "the service account does not exist any more", _NEW_KEY),
    ("invalid_grant", "email or user id", _NOBODY, "check the account's mailbox: the primary address of one person"),
    ("invalid_grant", "account has been deleted", _DELETED, "check the account's mailbox"),
    ("invalid_grant", "", "the service account is not accepted", _NEW_KEY),
    ("unauthorized_client", "", _NOT_FOR, _DELEGATE),
)
_TO_PEOPLE = (
    ("invalid_grant", "account has been deleted", _DELETED, "remove the account, or sign in as somebody else"),
    ("invalid_client", "not found", "the OAuth client is not known to Google", _CLIENT),
    ("unauthorized_client", "", "the sign-in was made with another OAuth client", AGAIN),
)
_ERRORS = {
    "invalid_grant": (
        "the sign-in is not accepted any more: taken back, not used for half a year, or older than the 7 days that an "
        'app in "Testing" gets',
        AGAIN,
    ),
    "invalid_rapt": ("the organisation asks people to sign in again after some hours", AGAIN),
    "rapt_required": ("the organisation asks people to sign in again after some hours", AGAIN),
    "access_denied": ("the person or their administrator said no", AGAIN),
    "admin_policy_enforced": ("the organisation's administrator forbids it", "let them trust the app, then " + AGAIN),
    "org_internal": ("the app is for people of another organisation only", AGAIN),
    "invalid_client": ("the proof of the OAuth client is not accepted", _CLIENT),
    "deleted_client": ("the OAuth client was deleted", "make a new one and set client_id and secret"),
    "disabled_client": ("the OAuth client is disabled", "enable it in the Google Cloud console"),
    "redirect_uri_mismatch": (
        "the OAuth client does not know the address that the browser comes back to",
        'add it to the client, or use one of the type "Desktop app"',
    ),
    "invalid_scope": ("a scope is not known", "check the account's scopes"),
}


def passes(answer: Mapping[str, Any]) -> bool:
    """An error that ends by itself."""
    return str(answer.get("error")) in _PASSING


def refusal(answer: Mapping[str, Any], settings: ConnectorSettings) -> SyncError:
    """Of an error of the sign-in. Unavailable if it passes by itself, else NotAuthorised.

    NoAccess where a service account may act for others, but not for this person.
    """
    error, words = str(answer.get("error") or "no error code")[:60], _words(answer)
    if passes(answer):
        return Unavailable(f"The sign-in service cannot answer now ({error}).", server_said=words)
    table = _TO_APPS if settings.auth == "app" else _TO_PEOPLE
    what, advice = _meaning(table, error, str(answer.get("error_subtype") or ""), words.lower())
    todo = advice.format(account=account_of(settings))
    if settings.auth == "app" and settings.mailbox and what in _OF_THE_PERSON:
        return NoAccess(f"The mailbox {settings.mailbox} is not open: {what} ({error}); {todo}.", server_said=words)
    return NotAuthorised(f"Needs sign-in: {what} ({error}); {todo}.", server_said=words)


def not_consented(scopes: Sequence[str], settings: ConnectorSettings) -> NotAuthorised:
    """A person can untick single boxes on Google's page."""
    return NotAuthorised(
        f"Needs sign-in: no permission was given for {named(scopes)}; sign in again and tick all boxes "
        f"(agendahub account sign-in {account_of(settings)}), or leave it out with the account's scopes."
    )


def _meaning(table: _Table, error: str, subtype: str, said: str) -> tuple[str, str]:
    if subtype in _ERRORS:
        return _ERRORS[subtype]
    found = next(((what, todo) for name, words, what, todo in table if name == error and words in said), None)
    return found or _ERRORS.get(error) or ("the sign-in is refused", AGAIN)


def _words(answer: Mapping[str, Any]) -> str:
    return str(answer.get("error_description") or "").partition("\n")[0][:300]
