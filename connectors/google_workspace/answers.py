"""What Google answered, to a request or to one in a batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

WORDS_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in small letters) and what was in the body. Status 0: none came."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None  # what the body says, when it is JSON
    content: bytes = b""  # the body, when it is none

    @property
    def ok(self) -> bool:
        """2xx, with what Google would send: an object, or nothing. A portal's page in between is not."""
        return 200 <= self.status < 300 and (isinstance(self.json, dict) or not self.content.strip())

    @property
    def is_googles(self) -> bool:
        """Whether it is Google itself that says so: its errors have a body of their own, those of a proxy do not."""
        return self.ok or bool(self._error)

    @property
    def document(self) -> dict[str, Any]:
        """The object in the body; empty when there is none."""
        return self.json if isinstance(self.json, dict) else {}

    @property
    def reasons(self) -> frozenset[str]:
        """The names of the error, from each place where Google's services say one: rateLimitExceeded ..."""
        return frozenset(self._reasons())

    def _reasons(self) -> Iterator[str]:
        for place in ("errors", "details"):
            for one in self._error.get(place) or ():
                if isinstance(one, dict) and one.get("reason"):
                    yield str(one["reason"])
        if self._error.get("status"):
            yield str(self._error["status"])

    @property
    def words(self) -> str:
        """The server's own words, for a person."""
        names = ", ".join(dict.fromkeys(self._reasons()))
        said = f"({names}) {self._error.get('message') or ''}" if self._error else _plain(self.content)
        return " ".join("".join(c if c.isprintable() else " " for c in said).split())[:WORDS_LENGTH]

    @property
    def _error(self) -> Mapping[str, Any]:
        error = self.document.get("error")
        return error if isinstance(error, dict) else {}


def answer_of(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    """An answer with its JSON read; a body that is none is kept as it is."""
    small = {str(name).lower(): str(value) for name, value in headers.items()}
    try:
        found = json.loads(content) if content.strip() else None
    except (ValueError, RecursionError):
        return Answer(status, small, None, content)
    return Answer(status, small, found, b"" if isinstance(found, dict) else content)


def _plain(content: bytes) -> str:
    return content[:4096].decode("utf-8", "replace")
