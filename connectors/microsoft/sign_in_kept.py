"""The tokens of a sign-in as one text for the token store. Names that end in _token are secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from connectors.microsoft.sign_in_scopes import Resource, authority_of, scopes_of
from connectors.settings import ConnectorSettings

_MARGIN = 300.0  # seconds before its end when a token is renewed


@dataclass(frozen=True, slots=True)
class Kept:
    """Times are seconds since 1970."""

    access_token: str = ""
    refresh_token: str = ""
    given_at: float = 0.0
    expires_at: float = 0.0
    person: str = ""  # who signed in, as a person reads it
    identity: str = ""  # who signed in, as the directory counts them
    made_for: str = ""  # a digest of the app, its secret and the scopes; see `made_for`
    refused: str = ""  # the sentence for the admin, if the last refresh was refused for good
    refused_at: float = 0.0

    @classmethod
    def read(cls, text: str) -> Kept:
        """What `written` gave; nothing for any other text."""
        try:
            found = json.loads(text) if text else {}
            return cls(**{one.name: found[one.name] for one in fields(cls) if one.name in found})
        except (ValueError, TypeError):
            return cls()

    def written(self) -> str:
        """For the store."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    def good(self, for_what: str, now: float) -> bool:
        """The access token can be used, and not only for the next moment."""
        margin = min(_MARGIN, (self.expires_at - self.given_at) / 5)
        return bool(self.access_token) and self.made_for == for_what and now < self.expires_at - margin

    def renewed(self, answer: Mapping[str, Any], for_what: str, now: float) -> Kept:
        """With the tokens of a token endpoint's answer; its refresh token replaces ours if it gives one."""
        claims = answer.get("id_token_claims") or {}
        identity = f"{claims['tid']}.{claims['oid']}" if "tid" in claims and "oid" in claims else self.identity
        return replace(
            self,
            access_token=str(answer["access_token"]),
            refresh_token=str(answer.get("refresh_token") or self.refresh_token),
            given_at=now,
            expires_at=now + float(answer.get("expires_in") or 0),
            person=str(claims.get("preferred_username") or claims.get("upn") or self.person),
            identity=identity,
            made_for=for_what,
            refused="",
            refused_at=0.0,
        )


def made_for(settings: ConnectorSettings, resource: Resource) -> str:
    """What a token was given for and to whom: with another app, secret or scope it is asked for again."""
    parts = [authority_of(settings), settings.client_id, settings.auth, *scopes_of(settings, resource)]
    told = "\0".join([*parts, settings.secret, settings.certificate])
    return hashlib.sha256(told.encode()).hexdigest()[:32]
