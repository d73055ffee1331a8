"""What Graph answered, to a request or to one in a $batch."""

from __future__ import annotations

from connectors.json_answer import JsonAnswer


class Answer(JsonAnswer):
    """With Graph's names of errors."""

    __slots__ = ()

    @property
    def code(self) -> str:
        """The name of the error: ErrorItemNotFound ..."""
        return self.error_name
