"""The tokens of a sign-in as one text for the token store. Names that end in _token are secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from connectors.microsoft.sign_in_scopes import Resource, authority_of
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised

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
    made_for: str = ""  # a digest of the app and its secret; see `made_for`
    scopes: tuple[str, ...] = ()  # that were asked for
    refused: str = ""  # the sentence for the admin, if the last refresh was refused for good ...
    refused_words: str = ""  # ... with the server's words ...
    refused_for: str = ""  # ... of this app ...
    refused_scopes: tuple[str, ...] = ()  # ... with these
    refused_at: float = 0.0

    @classmethod
    def read(cls, text: str) -> Kept:
        """What `written` gave; nothing for any other text."""
        try:
            found = json.loads(text) if text else {}
            known: dict[str, Any] = {one.name: found[one.name] for one in fields(cls) if one.name in found}
        except (ValueError, TypeError):
            return cls()
        plain: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in known.items()}
        return cls(**plain)

    def written(self) -> str:
        """For the store."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    def good(self, for_what: str, scopes: Iterable[str], now: float) -> bool:
        """The access token can be used, and not only for the next moment."""
        margin = min(_MARGIN, (self.expires_at - self.given_at) / 5)
        return self.lasts(for_what, scopes, now + margin)

    def lasts(self, for_what: str, scopes: Iterable[str], now: float) -> bool:
        """The access token can be used now."""
        right = self.made_for == for_what and set(scopes) <= set(self.scopes)
        return bool(self.access_token) and right and now < self.expires_at

    def was_refused(self, for_what: str, scopes: Iterable[str]) -> bool:
        """The same question was asked, and its answer was no."""
        return bool(self.refused) and self.refused_for == for_what and set(scopes) <= set(self.refused_scopes)

    def with_refusal(self, err: NotAuthorised, for_what: str, scopes: Iterable[str], now: float) -> Kept:
        """The answer was no."""
        told = replace(self, refused=str(err), refused_words=err.server_said, refused_at=now)
        return replace(told, refused_for=for_what, refused_scopes=tuple(scopes))

    def refusal(self) -> NotAuthorised:
        """As it was raised the first time."""
        return NotAuthorised(self.refused, server_said=self.refused_words)

    def renewed(self, answer: Mapping[str, Any], for_what: str, scopes: Iterable[str], now: float) -> Kept:
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
            scopes=tuple(scopes),
            refused="",
            refused_words="",
            refused_for="",
            refused_scopes=(),
            refused_at=0.0,
        )


def made_for(settings: ConnectorSettings, resource: Resource) -> str:
    """For which app and system a token was given: with another app or secret it is asked for again."""
    parts = (authority_of(settings), settings.client_id, settings.auth, resource, settings.secret, settings.certificate)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
