"""An answer of a service that speaks JSON, and says its errors in an object of that name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WORDS_LENGTH = 300


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """Status, headers (names in small letters) and what was in the body. Status 0: none came."""

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
    def error(self) -> Mapping[str, Any]:
        """What the body says of an error; empty where it says nothing."""
        error = self.document.get("error")
        return error if isinstance(error, dict) else {}

    @property
    def error_name(self) -> str:
        """What the service calls it."""
        return str(self.error.get("code") or "")

    @property
    def words(self) -> str:
        """The server's own words, for a person."""
        said = f"({self.error_name}) {self.error.get('message') or ''}" if self.error else _plain(self.content)
        return " ".join("".join(c if c.isprintable() else " " for c in said).split())[:WORDS_LENGTH]


def _plain(content: bytes) -> str:
    return content[:4096].decode("utf-8", "replace")
