"""What Graph answered, to a request or to one in a $batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WORDS_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in small letters) and what was in the body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None  # what the body says, when it is JSON
    content: bytes = b""  # the body, when it is none

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    @property
    def document(self) -> dict[str, Any]:
        """The object in the body; empty when there is none."""
        return self.json if isinstance(self.json, dict) else {}

    @property
    def code(self) -> str:
        """The name of the error: ErrorItemNotFound ..."""
        return str(self._error.get("code") or "")

    @property
    def words(self) -> str:
        """The server's own words, for a person."""
        said = f"({self.code}) {self._error.get('message') or ''}" if self._error else _plain(self.content)
        return " ".join("".join(c if c.isprintable() else " " for c in said).split())[:WORDS_LENGTH]

    @property
    def _error(self) -> Mapping[str, Any]:
        error = self.document.get("error")
        return error if isinstance(error, dict) else {}


def _plain(content: bytes) -> str:
    return content[:4096].decode("utf-8", "replace")
