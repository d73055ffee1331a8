"""What Google answered, to a request or to one in a batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from connectors.json_answer import JsonAnswer


class Answer(JsonAnswer):
    """With Google's names of errors."""

    __slots__ = ()

    @property
    def ok(self) -> bool:
        """2xx, with what Google would send: an object, or nothing. A portal's page in between is not."""
        return 200 <= self.status < 300 and (isinstance(self.json, dict) or not self.content.strip())

    @property
    def is_googles(self) -> bool:
        """Whether it is Google itself that says so: its errors have a body of their own, those of a proxy do not."""
        return self.ok or bool(self.error)

    @property
    def reasons(self) -> frozenset[str]:
        """The names of the error, from each place where Google's services say one: rateLimitExceeded ..."""
        return frozenset(self._reasons())

    @property
    def error_name(self) -> str:
        """All of them."""
        return ", ".join(dict.fromkeys(self._reasons()))

    def _reasons(self) -> Iterator[str]:
        for place in ("errors", "details"):
            for one in self.error.get(place) or ():
                if isinstance(one, dict) and one.get("reason"):
                    yield str(one["reason"])
        if self.error.get("status"):
            yield str(self.error["status"])


def answer_of(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    """An answer with its JSON read; a body that is none is kept as it is."""
    small = {str(name).lower(): str(value) for name, value in headers.items()}
    try:
        found = json.loads(content) if content.strip() else None
    except (ValueError, RecursionError):
        return Answer(status, small, None, content)
    return Answer(status, small, found, b"" if isinstance(found, dict) else content)
