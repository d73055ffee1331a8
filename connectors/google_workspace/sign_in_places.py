"""Where people and programs sign in at Google (https://accounts.google.com/.well-known/openid-configuration)."""

from __future__ import annotations

from connectors.settings import ConnectorSettings

_ACCOUNTS = "https://accounts.google.com"
_OAUTH = "https://oauth2.googleapis.com"


def authority_of(settings: ConnectorSettings) -> str:
    """Where people sign in."""
    return (settings.authority or _ACCOUNTS).rstrip("/")


def auth_uri(settings: ConnectorSettings) -> str:
    """The page where a person says yes."""
    return f"{authority_of(settings)}/o/oauth2/v2/auth"


def token_uri(settings: ConnectorSettings) -> str:
    """Where tokens are given."""
    return f"{(settings.authority or _OAUTH).rstrip('/')}/token"
