"""One request to the admin API as its handlers see it: who asks, what for, and reading what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agendahub.daemon import Daemon
from agendahub.texts import _
from agendahub.workspace import Workspace
from storage.api_tokens import Token
from sync_engine.ports import Origin


class ApiError(Exception):
    """Ends a request with a status and one sentence."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Call:
    """A request of somebody who may make it."""

    daemon: Daemon
    token: Token
    path: Mapping[str, Any]  # what the address names
    sent: Mapping[str, Any]  # the JSON object of a POST, or the query of a GET (texts)

    @property
    def workspace(self) -> Workspace:
        """The configuration in use."""
        return self.daemon.workspace

    @property
    def origin(self) -> Origin:
        """Who history says it was."""
        return Origin(f"admin, token {self.token.name}")

    def only(self, *names: str) -> None:
        """Raises `ApiError` for anything else that was sent: a misspelt dry_run must not become a real one."""
        unknown = sorted(set(self.sent) - set(names))
        if unknown:
            told = _("There is no {unknown} here; there is: {known}.")
            raise ApiError(422, told.format(unknown=", ".join(unknown), known=", ".join(names) or _("nothing")))

    def text(self, name: str, *allowed: str) -> str:
        """A text, one of those allowed if any are; empty when it was not sent."""
        value = self.sent.get(name) or ""
        if not isinstance(value, str) or (allowed and value not in ("", *allowed)):
            kind = _("one of {allowed}").format(allowed=", ".join(allowed)) if allowed else _("a text")
            raise ApiError(422, _("{name} must be {kind}.").format(name=name, kind=kind))
        return value

    def number(self, name: str) -> int | None:
        """A positive whole number; None when it was not sent."""
        value = self.sent.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
            value = int(value)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**62):
            raise ApiError(422, _("{name} must be a positive whole number.").format(name=name))
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """true or false."""
        value = {"true": True, "false": False}.get(str(self.sent.get(name)).lower(), self.sent.get(name, default))
        if not isinstance(value, bool):
            raise ApiError(422, _("{name} must be true or false.").format(name=name))
        return value

    def moment(self, name: str) -> datetime | None:
        """An instant: ISO 8601 with a zone, for a program has none of its own."""
        written = self.text(name)
        if not written:
            return None
        try:
            found = datetime.fromisoformat(written)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            hint = _("{name} must be a time with its zone: 2026-01-31T09:00:00Z or 2026-01-31T10:00:00+01:00.")
            raise ApiError(422, hint.format(name=name))
        return found
