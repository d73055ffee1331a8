"""Rules of the intake: what kind of request a mail becomes, how much it weighs, whose it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from crm.rules import editing
from crm.rules.json_form import as_json
from crm.rules.model import Outcome, Rule
from web_ui.call import Caller
from web_ui.shapes import Body, Done, Id, Key

router = APIRouter(tags=["rules"])

Form = Annotated[
    dict[str, Any],
    Field(description="name, enabled, match (all, any), when: [{field, operator, value, not}], then: {type ...}."),
]


class RuleShape(Body):
    """A rule, as docs/rules.md describes it."""

    rule: Form


class Place(Body):
    """Where it goes."""

    position: Annotated[int, Field(ge=0, lt=10_000, description="Counted from 0.")]


class Trial(Body):
    """A mail to try the rules on: as text, or a message of ours."""

    raw: Annotated[str, Field(max_length=10_000_000, description="A mail with its headers.")] = ""
    message_id: Key | None = None
    mailbox: Annotated[str, Field(max_length=100, description="Which one it came to.")] = ""
    rule: Annotated[Form | None, Field(description="A rule that is not kept yet, asked alone.")] = None


class Kept(BaseModel):
    """A rule of the store."""

    id: int
    rule: dict[str, Any]


class Explained(BaseModel):
    """What the rules would do, and why."""

    outcome: Outcome
    explanation: str = Field(description="All verdicts as lines of text.")


@router.get("/rules")
def rules(call: Caller) -> list[Kept]:
    """In their order."""
    with call.read() as unit:
        return [_kept(rule) for rule in editing.rules(unit, call.actor)]


@router.post("/rules", status_code=201)
def add(call: Caller, sent: RuleShape) -> Kept:
    """Another one, at the end."""
    return call.once(Kept, lambda unit: _kept(editing.add(unit, call.actor, sent.rule)))


@router.post("/rules/try")
def try_rules(call: Caller, sent: Trial) -> Explained:
    """Which rule would match and why. Nothing is stored."""
    options: dict[str, Any] = {
        "raw": sent.raw.encode(),
        "form": sent.rule,
        "message_id": sent.message_id,
        "mailbox": sent.mailbox,
    }
    with call.read() as unit:
        found = editing.tried(unit, call.settings, call.actor, **options)
    return Explained(outcome=found, explanation=found.explanation)


@router.get("/rules/{rule_id}")
def one_rule(call: Caller, rule_id: Id) -> Kept:
    """One."""
    with call.read() as unit:
        return _kept(editing.rule(unit, call.actor, rule_id))


@router.put("/rules/{rule_id}")
def edit(call: Caller, rule_id: Id, sent: RuleShape) -> Kept:
    """Write it anew."""
    return call.write(lambda unit: _kept(editing.edit(unit, call.actor, rule_id, sent.rule)))


@router.post("/rules/{rule_id}/move")
def move(call: Caller, rule_id: Id, sent: Place) -> Done:
    """Rules are asked in their order."""
    call.write(lambda unit: editing.move(unit, call.actor, rule_id, sent.position))
    return Done()


@router.delete("/rules/{rule_id}")
def remove(call: Caller, rule_id: Id) -> Done:
    """For good; the audit keeps what it said."""
    call.write(lambda unit: editing.remove(unit, call.actor, rule_id))
    return Done()


def _kept(rule: Rule) -> Kept:
    return Kept(id=rule.id, rule=as_json(rule))
