"""A hint at requests that may be about the same. Nothing is done by itself: a person merges them, or does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from crm.actor import Actor
from crm.request import gate, shown, words
from crm.request.model import Hint
from storage.crm import request_lists, request_search
from storage.unit_of_work import SqlUnitOfWork

LOOKED_AT = 50  # the newest of the customer
ALIKE = 0.5
_FORMS_OF_REPLY = {"re", "fw", "fwd", "aw", "wg", "r", "i", "odp", "tr"}


def duplicates(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> tuple[Hint, ...]:
    """Requests of the same customer that may be about the same, the likest first."""
    row = gate.seen(unit, actor, "request.internal", request_id)
    reach = shown.reach(actor, replace(shown.EVERYTHING))
    told = (row["customer_id"], row["customer_address"])
    found = request_lists.of_customer(unit.session.connection, reach, *told, LOOKED_AT + 1)
    cards = [card for card in shown.cards(unit, found) if card.id != row["id"]]
    texts = request_search.words_of(unit.session.connection, [row["id"], *(card.id for card in cards)])
    mine = texts.get(row["id"], "").split()
    hints = []
    for card in cards:
        subjects = likeness(_subject(row["subject"]), _subject(card.subject))
        whole = likeness(mine, texts.get(card.id, "").split())
        why = "The subjects are alike." if subjects >= whole else "The messages are alike."
        hints.append(Hint(card, max(subjects, whole), why))
    return tuple(sorted((hint for hint in hints if hint.likeness >= ALIKE), key=lambda hint: -hint.likeness))


def likeness(one: Iterable[str], other: Iterable[str]) -> float:
    """How many of all their words two texts share: 0 to 1."""
    ours, theirs = set(one), set(other)
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


def _subject(text: str) -> list[str]:
    return [word for word in words.words_of(text) if word not in _FORMS_OF_REPLY]
