"""What stands beside the list when a request is selected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from crm.actor import Actor
from crm.request import gate, joining, presence
from crm.request.model import Linked, Request, Viewer
from crm.request.reading import request_of
from crm.request.shown import as_seen_by
from crm.rights import Subject, may
from storage.crm import message_lists
from storage.crm import request_summary as figures
from storage.unit_of_work import SqlUnitOfWork

_BEGIN = 300  # characters


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
    row = gate.seen(unit, actor, "request.read", request_id)
    subject, connection, number = gate.subject_of_row(unit, row), unit.session.connection, row["id"]
    return Summary(
        request=as_seen_by(actor, request_of(unit, row)),
        **_messages(unit, actor, subject, number),
        **_activities(unit, actor, subject, number),
        **_internal(unit, actor, subject, number),
        documents=tuple((line["kind"], line["number"]) for line in figures.documents_of(connection, number)),
        links=joining.links_of(unit, actor, number),
    )


def _messages(unit: SqlUnitOfWork, actor: Actor, subject: Subject, number: int) -> dict[str, Any]:
    """Who only takes part knows of the mails that he stands in, as `crm.message.reading` shows them."""
    connection = unit.session.connection
    if may(actor, "request.internal", subject):
        return {
            "messages": figures.message_count(connection, number),
            **_last(figures.last_message(connection, number)),
        }
    count = message_lists.count_seen_by(connection, number, actor.address)
    seen = message_lists.of_request(connection, number, seen_by=actor.address, before=None, limit=1)
    newest = next((asdict(row) | {"begin": row.text} for row in seen), None)
    return {"messages": count, **_last(newest)}


def _last(last: Mapping[Any, Any] | None) -> dict[str, str]:
    if last is None:
        return {"last_from": "", "last_text": "", "last_direction": ""}
    begin = " ".join(last["begin"].split())[:_BEGIN]
    return {
        "last_from": last["from_name"] or last["from_address"],
        "last_text": begin,
        "last_direction": last["direction"],
    }


def _activities(unit: SqlUnitOfWork, actor: Actor, subject: Subject, number: int) -> dict[str, Any]:
    if not may(actor, "activity.read", subject):
        return {"planned": 0, "done": 0, "next_at": None, "next_title": ""}
    often = figures.activity_counts(unit.session.connection, number)
    coming = figures.next_activity(unit.session.connection, number, unit.session.now())
    return {
        "planned": often.get("planned", 0),
        "done": often.get("done", 0),
        "next_at": coming["starts_at"] if coming else None,
        "next_title": coming["title"] if coming else "",
    }


def _internal(unit: SqlUnitOfWork, actor: Actor, subject: Subject, number: int) -> dict[str, Any]:
    if not may(actor, "request.internal", subject):
        return {"notes": 0, "viewers": ()}
    notes = figures.note_count(unit.session.connection, number)
    return {"notes": notes, "viewers": presence.others(unit, actor, number)}
