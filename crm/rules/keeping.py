"""The rules in the store, for intake and for who may edit them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm.errors import Invalid, NotThere
from crm.rules.distribution import Candidate
from crm.rules.json_form import from_kept, kept_form, rule_from
from crm.rules.model import Rule
from storage.crm import rules as store
from storage.unit_of_work import SqlUnitOfWork

_WORKS = "answer.write"  # who may do this works on requests (crm.actions)


def all_rules(unit: SqlUnitOfWork) -> tuple[Rule, ...]:
    """In their order, those switched off too. For intake: nobody's right is asked."""
    rows = store.rules(unit.session.connection)
    return tuple(from_kept(row.id, row.name, row.enabled, row.conditions, row.actions) for row in rows)


def people(unit: SqlUnitOfWork, group: str = "") -> Sequence[Candidate]:
    """Who can get a request: the members of a group, or everybody who may answer; nobody who is blocked."""
    rows = store.candidates(unit.session.connection, group, "" if group else _WORKS)
    return [Candidate(row.user_id, row.open_requests, row.open_weight, row.last_at) for row in rows]


def add(unit: SqlUnitOfWork, form: Mapping[str, Any], by: str) -> Rule:
    """A new rule at the end. Raises `Invalid`. The caller asks for the right and writes the audit."""
    rule = rule_from(form)
    _name_is_free(unit, rule)
    conditions, actions = kept_form(rule)
    connection = unit.session.connection
    number = store.add(connection, rule.name, rule.enabled, conditions, actions, unit.session.now(), by)
    return rule_from(form, number)


def edit(unit: SqlUnitOfWork, rule_id: int, form: Mapping[str, Any], by: str) -> tuple[Rule, Rule]:
    """Write a rule anew: before and after. Raises `Invalid` and `NotThere`."""
    before, after = rule(unit, rule_id), rule_from(form, rule_id)
    _name_is_free(unit, after)
    conditions, actions = kept_form(after)
    connection = unit.session.connection
    store.edit(connection, rule_id, after.name, after.enabled, conditions, actions, unit.session.now(), by)
    return before, after


def move(unit: SqlUnitOfWork, rule_id: int, position: int) -> None:
    """To a place counted from 0; the others close up. Raises `NotThere`."""
    if not store.move(unit.session.connection, rule_id, position):
        raise NotThere(f"There is no rule {rule_id}.")


def remove(unit: SqlUnitOfWork, rule_id: int) -> Rule:
    """What it was. Raises `NotThere`."""
    gone = rule(unit, rule_id)
    store.remove(unit.session.connection, rule_id)
    return gone


def rule(unit: SqlUnitOfWork, rule_id: int) -> Rule:
    """One of them. Raises `NotThere`."""
    row = store.rule(unit.session.connection, rule_id)
    if row is None:
        raise NotThere(f"There is no rule {rule_id}.")
    return from_kept(row.id, row.name, row.enabled, row.conditions, row.actions)


def _name_is_free(unit: SqlUnitOfWork, wanted: Rule) -> None:
    for row in store.rules(unit.session.connection):
        if row.name == wanted.name and row.id != wanted.id:
            raise Invalid(f"There is a rule {wanted.name!r} already: choose another name.")
