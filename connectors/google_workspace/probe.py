"""Testing an account at Google step by step. Of use to the wiring, not to the connector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors.google_workspace.sign_in import OAUTH, service_account, token_source
from connectors.google_workspace.sign_in_client import key_of
from connectors.google_workspace.sign_in_places import token_uri
from connectors.google_workspace.sign_in_scopes import named, scopes_of
from connectors.mail import MailSource
from connectors.mailbox_probe import Connect, MailboxProbe, signed_in
from connectors.probing import At, Step, step
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

GOOGLE = "https://www.googleapis.com/"
_SIGN_IN = (
    (NotAuthorised, "See docs/google.md, troubleshooting."),
    (Throttled, "Wait as long as Google asks for, then test again."),
)
_ADVICE = (
    (
        NoAccess,
        "See docs/google.md: which APIs are enabled in the project, and which scopes were consented to. What is not "
        "wanted can be left out with the account's scopes.",
    ),
    (NotAuthorised, "Sign in again, or check the scopes; see docs/google.md, troubleshooting."),
    (CollectionGone, "Check the account's mailbox: does this person have Google Calendar and Contacts?"),
    (SuspectListing, "Something answers, but not as Google does: is there a proxy in between?"),
    (Throttled, "Wait as long as Google asks for, then test again."),
    (Rejected, "See Google's words; the collection may be read-only or full."),
    (OutcomeUnknown, "Look there for an item of this name and delete it; then test again."),
    (Unavailable, "Test again later."),
)


def probe(
    settings: ConnectorSettings, connect: Connect, collection: str = "", *, write: bool = False
) -> Iterator[Step]:
    """As `MailboxProbe.run`."""
    signing_in = _signed_in if settings.auth in OAUTH else None
    system = MailboxProbe(GOOGLE, _ADVICE, "a service account has no items of its own.", signing_in, _mails)
    return system.run(settings, connect, collection, write=write)


def _mails(settings: ConnectorSettings) -> Iterator[Step]:
    """Whether mails can be read; none is marked, and none is sent."""
    from connectors.google_workspace.mail import GmailMail

    source = GmailMail(replace(settings, max_wait=0.0))
    try:
        yield step("mails", lambda: _labels(source), _ADVICE)
    finally:
        source.close()


def _labels(source: MailSource) -> str:
    names = [folder.name for folder in source.folders()]
    return f"{len(names)} labels: {', '.join(names[:20])}"


def _signed_in(settings: ConnectorSettings) -> Iterator[Step]:
    if settings.auth == "app":
        yield step("key", lambda: f"The key is of {service_account(settings)}.", _SIGN_IN)
    place = At.of(str(key_of(settings)["token_uri"]) if settings.auth == "app" else token_uri(settings))

    def token() -> str:
        token_source(settings).token()
        return f"A token was given by {place.host} for {named(scopes_of(settings))}."

    yield from signed_in(place, settings, token, _SIGN_IN)
