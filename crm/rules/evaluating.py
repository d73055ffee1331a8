"""Asking rules in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from crm.mail.reading import read_mail
from crm.rules.facts import facts_of
from crm.rules.fields import ask
from crm.rules.model import Actions, Facts, Outcome, Rule, Verdict

# What a rule sets, and how it is said.
_WORDS = {
    "request_type": "type", "priority": "priority", "effort": "effort", "responsible": "responsible", "group": "group",
    "distribution": "distribution", "spam": "spam", "ignore": "no request is made",
}  # fmt: skip


def evaluate(rules: Sequence[Rule], facts: Facts) -> Outcome:
    """What the rules say of a mail, and why. The first rule that sets a value has it; tags come together."""
    outcome = Outcome()
    verdicts: list[Verdict] = []
    stopped = ""
    for rule in rules:
        if not rule.enabled or stopped:
            why = f"rule {stopped!r} said stop" if stopped else "switched off"
            verdicts.append(Verdict(rule.name, False, False, effects=(why,), rule_id=rule.id))
            continue
        checks = tuple(ask(condition, facts) for condition in rule.conditions)
        held = [one.held for one in checks]
        matched = any(held) if rule.any_of and held else all(held)
        effects: tuple[str, ...] = ()
        if matched:
            outcome, effects = _applied(outcome, rule.actions)
            stopped = rule.name if rule.actions.stop else ""
        verdicts.append(Verdict(rule.name, matched, True, checks, effects, rule.id))
    return replace(outcome, verdicts=tuple(verdicts))


def dry_run(rules: Sequence[Rule], raw: bytes, *, mailbox: str = "", own: frozenset[str] = frozenset()) -> Outcome:
    """What the rules would say of a mail given as octets; `explanation` tells why. Nothing is stored."""
    return evaluate(rules, facts_of(read_mail(raw, own=own), raw, mailbox=mailbox))


def _applied(outcome: Outcome, actions: Actions) -> tuple[Outcome, tuple[str, ...]]:
    effects: list[str] = []
    changes: dict[str, object] = {}
    # Who gets it is one decision: a later rule does not add its group to an earlier rule's person.
    decided = bool(outcome.responsible or outcome.group)
    for field in fields(Actions):
        value = getattr(actions, field.name)
        if field.name in {"tags", "stop"} or value in ("", None, False):
            continue
        taken = decided if field.name in {"responsible", "group", "distribution"} else _is_set(outcome, field.name)
        said = _WORDS[field.name] + ("" if value is True else f" {value}")
        effects.append(f"{said} (an earlier rule has set another)" if taken else said)
        if not taken:
            changes[field.name] = value
    new = tuple(tag for tag in dict.fromkeys(actions.tags) if tag not in outcome.tags)
    effects += [f"tag {tag}" for tag in new]
    if actions.stop:
        effects.append("no further rule is asked")
    return replace(outcome, tags=outcome.tags + new, **changes), tuple(effects)  # type: ignore[arg-type]


def _is_set(outcome: Outcome, name: str) -> bool:
    return getattr(outcome, name) not in ("", None, False)
