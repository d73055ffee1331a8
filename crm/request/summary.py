"""What stands beside the list when a request is selected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.actor import Actor
from crm.request.model import Linked, Request, Viewer
from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Summary:
    """A request in short. What the actor may not see is empty."""

    request: Request
    messages: int
    last_from: str  # who wrote the newest message
    last_text: str  # its beginning, 300 characters at most
    last_direction: str  # in, out, ""
    notes: int
    planned: int  # activities
    done: int
    next_at: datetime | None  # of the next planned activity with a time
    next_title: str
    documents: tuple[tuple[str, str], ...]  # kind, number
    links: tuple[Linked, ...]
    viewers: tuple[Viewer, ...]


def summary(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> Summary:
    """Raises `NotThere`."""
    raise NotImplementedError
