"""What the API needs of the program that serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crm.settings import CrmSettings
from storage.api_tokens import Token
from storage.database import Database


class Refusal(Exception):
    """Ends a request with a status and one sentence."""

    def __init__(self, status: int, sentence: str, *, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})
        self.more = more  # further members of the answer


@dataclass(frozen=True, slots=True)
class Hub:
    """Made by the program for each request, as its configuration may change while it runs."""

    database: Database
    settings: CrmSettings
    admit: Callable[[str, str], Token] = field(repr=False)  # Authorization header, address; raises Refusal


GetHub = Callable[[], Hub]
