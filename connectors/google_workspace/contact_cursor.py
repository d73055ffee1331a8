"""Where the feed of contacts goes on: Google's sync token, and how the labels were called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from connectors.google_workspace.contact_version import digest
from sync_engine.errors import CursorExpired

LOOK = 3600.0  # seconds after which the labels are looked at, though no contact has changed


@dataclass(frozen=True, slots=True)
class Cursor:
    """The stored form is JSON."""

    t: str  # the sync token
    at: int  # when the labels were looked at, seconds since 1970
    labels: dict[str, str] = field(default_factory=dict)  # by id: digest of the name

    @property
    def text(self) -> str:
        """For the store."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def due(self, now: float) -> bool:
        """Whether to look at the labels: a new name of one is in no feed."""
        return not 0 <= now - self.at < LOOK


def labels_of(names: Mapping[str, str]) -> dict[str, str]:
    """The labels as a cursor keeps them."""
    return {group: digest([name]) for group, name in sorted(names.items())}


def read(text: str) -> Cursor:
    """The cursor of its stored form. Raises CursorExpired."""
    try:
        told = json.loads(text)
        return Cursor(str(told["t"]), int(told["at"]), {str(k): str(v) for k, v in told["labels"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise CursorExpired("The place in the list of changes cannot be read; everything is listed once.") from err
