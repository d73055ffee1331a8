"""For which app and system a token was given."""

from __future__ import annotations

import hashlib

from connectors.microsoft.sign_in_scopes import Resource, authority_of
from connectors.settings import ConnectorSettings


def made_for(settings: ConnectorSettings, resource: Resource) -> str:
    """With another app or secret a token is asked for again."""
    parts = (authority_of(settings), settings.client_id, settings.auth, resource, settings.secret, settings.certificate)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
