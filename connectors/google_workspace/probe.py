"""Testing an account at Google step by step. Of use to the wiring, not to the connector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from connectors.google_workspace.sign_in import OAUTH, service_account, token_source
from connectors.google_workspace.sign_in_client import key_of
from connectors.google_workspace.sign_in_places import token_uri
from connectors.google_workspace.sign_in_scopes import named, scopes_of
from connectors.probing import At, Step, StepFailed, network, step, tried
from connectors.settings import ConnectorSettings
from sync_engine.errors import (
    CollectionGone,
    NoAccess,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SuspectListing,
    Throttled,
    Unavailable,
)
from sync_engine.ports import Connector

GOOGLE = "https://www.googleapis.com/"
_SIGN_IN = (
    (NotAuthorised, "See docs/google.md, troubleshooting."),
    (Throttled, "Wait as long as Google asks for, then test again."),
)
_ADVICE = (
    (NoAccess, "See docs/google.md: which APIs are enabled in the project, and which scopes were consented to."),
    (NotAuthorised, "Sign in again, or check the scopes; see docs/google.md, troubleshooting."),
    (CollectionGone, "Check the account's mailbox: does this person have Google Calendar and Contacts?"),
    (SuspectListing, "Something answers, but not as Google does: is there a proxy in between?"),
    (Throttled, "Wait as long as Google asks for, then test again."),
    (Rejected, "See Google's words; the collection may be read-only or full."),
    (OutcomeUnknown, "Look there for an item of this name and delete it; then test again."),
    (Unavailable, "Test again later."),
)
_NO_MAILBOX = "For a fan-out that is right: go on with agendahub fanout add. Else set the account's mailbox."


def probe(
    settings: ConnectorSettings,
    connect: Callable[[ConnectorSettings], Connector],
    collection: str = "",
    *,
    write: bool = False,
) -> Iterator[Step]:
    """Test an account; ends with the first step that fails, and raises nothing.

    `write`: also make and delete one item in `collection` (an id or a name), or in the first that can be written.
    """
    try:
        if settings.auth in OAUTH:
            yield from _signed_in(settings)
        yield from network(At.of(settings.url or GOOGLE), settings)
        if settings.auth == "app" and not settings.mailbox:
            yield Step("mailbox", True, "Not tried: a service account has no items of its own.", _NO_MAILBOX)
            return
        connector = connect(replace(settings, max_wait=0.0))
        try:
            yield from tried(connector, collection, _ADVICE, write=write)
        finally:
            connector.close()
    except StepFailed as failed:
        yield failed.step


def _signed_in(settings: ConnectorSettings) -> Iterator[Step]:
    if settings.auth == "app":
        yield step("key", lambda: f"The key is of {service_account(settings)}.", _SIGN_IN)
    place = At.of(str(key_of(settings)["token_uri"]) if settings.auth == "app" else token_uri(settings))
    for found in network(place, settings):
        yield replace(found, name=f"sign-in service, {found.name}")

    def token() -> str:
        token_source(settings).token()
        return f"A token was given by {place.host} for {named(scopes_of(settings))}."

    yield step("sign-in", token, _SIGN_IN)
