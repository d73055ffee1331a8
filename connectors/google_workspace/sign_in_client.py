"""Which program signs in: the OAuth client of people, or the key of a service account. Both are given as a secret."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from connectors.google_workspace.sign_in_places import token_uri
from connectors.needs_sign_in import account_of
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client."""

    id: str
    secret: str = field(repr=False)


def client_of(settings: ConnectorSettings) -> Client:
    """The secret may be the whole file that the Google Cloud console offers ("Download JSON"). Raises NotAuthorised."""
    kind, inner = downloaded(settings.secret)
    client = Client(settings.client_id, settings.secret.strip())
    if kind:
        client = Client(str(inner.get("client_id", "")), str(inner.get("client_secret", "")))
    if not client.id or not client.secret:
        raise NotAuthorised(
            "The account needs the client_id and the secret of an OAuth client, or its downloaded JSON file as the "
            f"secret: agendahub account secret {account_of(settings)}."
        )
    return client


def key_of(settings: ConnectorSettings) -> dict[str, Any]:
    """The key of a service account (its JSON file), with the place that gives tokens. Raises NotAuthorised."""
    kind, found = downloaded(settings.secret)
    if kind != "service_account" or not found.get("private_key") or not found.get("client_email"):
        raise NotAuthorised(
            "The account's secret must be the JSON key of a service account, the whole file: "
            f"agendahub account secret {account_of(settings)}."
        )
    place = token_uri(settings) if settings.authority else str(found.get("token_uri") or token_uri(settings))
    return {**found, "token_uri": place}


def made_for(settings: ConnectorSettings) -> str:
    """For which app, and at Google's service accounts for whom, a token was given: else it is asked for again."""
    whom = settings.mailbox if settings.auth == "app" else ""
    parts = (settings.authority, settings.client_id, settings.auth, whom.lower(), settings.secret)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def downloaded(text: str) -> tuple[str, dict[str, Any]]:
    """Which of Google's JSON files it is (installed, web: OAuth clients; service_account; other), and what it says.

    "" for a text that is no JSON object: a secret that was copied.
    """
    if not text.lstrip().startswith("{"):
        return "", {}
    try:
        found = dict(json.loads(text))
    except ValueError:
        return "other", {}
    for kind in ("installed", "web"):
        if isinstance(found.get(kind), dict):
            return kind, found[kind]
    return ("service_account" if found.get("type") == "service_account" else "other"), found
