"""The tokens of a sign-in as one text for the token store. Names that end in _token are secret."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from sync_engine.errors import NoAccess, NotAuthorised

_MARGIN = 300.0  # seconds before its end when a token is renewed


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token endpoint gave. Empty is what it did not tell."""

    access_token: str = field(repr=False)
    lifetime: float  # seconds
    scopes: tuple[str, ...]  # that the token is good for
    refresh_token: str = field(default="", repr=False)
    person: str = ""
    identity: str = ""
    ends_in: float = 0.0  # seconds after which the refresh token is worth nothing, however it is used


@dataclass(frozen=True, slots=True)
class Kept:
    """Times are seconds since 1970."""

    access_token: str = ""
    refresh_token: str = ""
    given_at: float = 0.0
    expires_at: float = 0.0
    person: str = ""  # who signed in, as a person reads it
    identity: str = ""  # who signed in, as the directory counts them
    made_for: str = ""  # a digest of the app and its secret
    scopes: tuple[str, ...] = ()  # that the access token is good for
    refused: str = ""  # the sentence for the admin, if the last refresh was refused for good ...
    refused_words: str = ""  # ... with the server's words ...
    refused_for: str = ""  # ... of this app ...
    refused_scopes: tuple[str, ...] = ()  # ... with these
    refused_at: float = 0.0
    ends_at: float = 0.0  # when the sign-in ends by itself; 0 where nobody said so
    refused_here: bool = False  # for this mailbox alone: the sign-in is good for others

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
        here = isinstance(err, NoAccess)
        return replace(told, refused_for=for_what, refused_scopes=tuple(scopes), refused_here=here)

    def refusal(self) -> NotAuthorised:
        """As it was raised the first time."""
        kind = NoAccess if self.refused_here else NotAuthorised
        return kind(self.refused, server_said=self.refused_words)

    def renewed(self, granted: Granted, for_what: str, now: float) -> Kept:
        """With the tokens of a token endpoint's answer; its refresh token replaces ours if it gives one."""
        return Kept(
            access_token=granted.access_token,
            refresh_token=granted.refresh_token or self.refresh_token,
            given_at=now,
            expires_at=now + granted.lifetime,
            person=granted.person or self.person,
            identity=granted.identity or self.identity,
            made_for=for_what,
            scopes=granted.scopes,
            ends_at=now + granted.ends_in if granted.ends_in else self.ends_at,
        )
