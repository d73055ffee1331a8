"""What the pages need of the program that serves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from storage.database import Database
from web_ui.pages.one_time import OneTime


class Guesses(Protocol):
    """Counts wrong sign-ins by address and by name. Safe to share between threads."""

    def too_many(self, user: str, client: str, now: datetime) -> bool:
        """Whether nothing is looked at any more for now."""

    def wrong(self, user: str, client: str, now: datetime) -> None:
        """One more."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Made once, by the program."""

    database: Database
    clock: Callable[[], datetime]
    guesses: Guesses
    profile: Callable[[str, str, str, str], bytes] = field(repr=False)
    """An Apple profile, from address, user, app password and device; signed where there is a certificate."""
    base_url: str = ""  # as configured: where people and devices come from; "" when they come straight here
    behind_proxies: bool = False  # whether X-Forwarded-* of some addresses are believed, and were already followed
    profiles: OneTime = field(default_factory=OneTime)
