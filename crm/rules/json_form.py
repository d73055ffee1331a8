"""Rules as JSON, and back with every mistake named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crm.errors import Invalid
from crm.rules.fields import FIELDS
from crm.rules.model import Actions, Condition, Rule
from crm.rules.patterns import compiled

_MOST_CONDITIONS = 50
_MOST_VALUES = 200
_LONGEST_VALUE = 1_000
_WAYS = ("direct", "round_robin", "least_busy")


def rule_from(value: Mapping[str, Any], rule_id: int = 0) -> Rule:
    """Raises `crm.errors.Invalid` with one sentence for the first thing that cannot be.

    ```
    {"name": "Invoices", "enabled": true, "match": "all",
     "when": [{"field": "subject", "operator": "contains", "value": ["invoice", "fattura"]},
              {"field": "automatic", "operator": "is", "value": true, "not": true}],
     "then": {"type": "commercial", "priority": 4, "group": "Sales", "distribution": "least_busy",
              "tags": ["invoice"], "stop": true}}
    ```
    """
    _only(value, {"name", "enabled", "match", "when", "then", "id", "position"}, "A rule")
    name = value.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 200:
        raise Invalid("A rule needs a name of at most 200 characters.")
    match, when = value.get("match", "all"), value.get("when", [])
    if match not in {"all", "any"}:
        raise Invalid('"match" is "all" (every condition must hold) or "any" (one is enough).')
    if not isinstance(when, list) or len(when) > _MOST_CONDITIONS:
        raise Invalid(f'"when" is a list of at most {_MOST_CONDITIONS} conditions.')
    conditions = tuple(_condition(one, number) for number, one in enumerate(when, 1))
    enabled = _truth(value, "enabled", True)
    return Rule(name.strip(), conditions, _actions(value.get("then")), match == "any", enabled, rule_id)


def as_json(rule: Rule) -> dict[str, Any]:
    """The same form, with what is not set left out."""
    return {
        "name": rule.name,
        "enabled": rule.enabled,
        "match": "any" if rule.any_of else "all",
        "when": [_condition_json(one) for one in rule.conditions],
        "then": _actions_json(rule.actions),
    }


def kept_form(rule: Rule) -> tuple[str, str]:
    """The two texts that the store keeps: conditions and actions."""
    form = as_json(rule)
    return _text({"match": form["match"], "when": form["when"]}), _text(form["then"])


def from_kept(rule_id: int, name: str, enabled: bool, conditions: str, actions: str) -> Rule:
    """The contrary of `kept_form`. Raises `Invalid`."""
    try:
        form = {**json.loads(conditions), "then": json.loads(actions), "name": name, "enabled": enabled}
    except (ValueError, TypeError) as err:
        raise Invalid(f"Rule {name!r} is damaged in the store: write it again.") from err
    return rule_from(form, rule_id)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _only(value: Any, known: set[str], what: str) -> None:
    if not isinstance(value, Mapping):
        raise Invalid(f"{what} must be a JSON object.")
    if unknown := sorted(str(key) for key in value if key not in known):
        raise Invalid(f"{what} has no {unknown[0]!r}; known are {', '.join(sorted(known))}.")


def _truth(value: Mapping[str, Any], key: str, default: bool = False) -> bool:
    found = value.get(key, default)
    if not isinstance(found, bool):
        raise Invalid(f'"{key}" is true or false.')
    return found


# ---------------------------------------------------------------- conditions


def _condition(value: Any, number: int) -> Condition:
    what = f"Condition {number}"
    _only(value, {"field", "operator", "value", "not", "header"}, what)
    name = value.get("field")
    if name not in FIELDS:
        raise Invalid(f"{what}: there is no field {name!r}; choose one of {', '.join(FIELDS)}.")
    operator = value.get("operator", "is")
    if operator not in FIELDS[name].operators:
        raise Invalid(f"{what}: {name} can be asked with {', '.join(FIELDS[name].operators)}, not with {operator!r}.")
    header = value.get("header", "")
    if (name == "header") != bool(header) or not isinstance(header, str):
        raise Invalid(f'{what}: "header" names the header, and belongs to the field "header" only.')
    wanted = _value(value.get("value"), FIELDS[name].kind, operator, what)
    return Condition(name, operator, wanted, _truth(value, "not"), header.strip().lower())


def _value(value: Any, kind: str, operator: str, what: str) -> str | int | bool | tuple[str, ...]:
    if kind == "truth":
        if not isinstance(value, bool):
            raise Invalid(f'{what}: "value" is true or false.')
        return value
    if kind == "number":
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Invalid(f'{what}: "value" is a number from 0.')
        return value
    texts = value if isinstance(value, list) else [value]
    if not texts or len(texts) > _MOST_VALUES or not all(_usable(text) for text in texts):
        raise Invalid(
            f'{what}: "value" is a text, or a list of up to {_MOST_VALUES}, of at most 1,000 characters each.'
        )
    if operator == "matches":
        for text in texts:
            compiled(text)
    return tuple(texts) if isinstance(value, list) else str(value)


def _usable(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip()) and len(text) <= _LONGEST_VALUE


def _condition_json(one: Condition) -> dict[str, Any]:
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    form: dict[str, Any] = {"field": one.field, "operator": one.operator, "value": value}
    return form | ({"header": one.header} if one.header else {}) | ({"not": True} if one.contrary else {})


# ---------------------------------------------------------------- actions

_NAMES = ("type", "responsible", "group")


def _actions(value: Any) -> Actions:
    what = '"then"'
    known = {*_NAMES, "priority", "effort", "distribution", "spam", "ignore", "tags", "stop"}
    _only(value, known, what)
    if not value:
        raise Invalid("A rule must do something: give it a type, a responsible person, a tag ...")
    for key in _NAMES:
        if not isinstance(value.get(key, ""), str) or len(value.get(key, "")) > 200:
            raise Invalid(f'"{key}" is a name of at most 200 characters.')
    if value.get("responsible") and value.get("group"):
        raise Invalid('Give "responsible" or "group", not both.')
    way = value.get("distribution", "")
    if way and way not in _WAYS:
        raise Invalid(f'"distribution" is one of {", ".join(_WAYS)}.')
    truths = {key: _truth(value, key) for key in ("spam", "ignore", "stop")}
    return Actions(
        request_type=value.get("type", "").strip(),
        priority=_level(value, "priority"),
        effort=_level(value, "effort"),
        responsible=value.get("responsible", "").strip(),
        group=value.get("group", "").strip(),
        distribution=way,
        tags=_tags(value.get("tags", [])),
        **truths,
    )


def _level(value: Mapping[str, Any], key: str) -> int | None:
    found = value.get(key)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= 5:
        raise Invalid(f'"{key}" is a number from 1 (lowest) to 5.')
    return found


def _tags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 20 or not all(_usable(tag) and len(tag) <= 100 for tag in value):
        raise Invalid('"tags" is a list of at most 20 words of at most 100 characters.')
    return tuple(dict.fromkeys(tag.strip() for tag in value))


def _actions_json(actions: Actions) -> dict[str, Any]:
    form = {
        "type": actions.request_type,
        "priority": actions.priority,
        "effort": actions.effort,
        "responsible": actions.responsible,
        "group": actions.group,
        "distribution": actions.distribution,
        "spam": actions.spam,
        "ignore": actions.ignore,
        "tags": list(actions.tags),
        "stop": actions.stop,
    }
    return {key: value for key, value in form.items() if value not in ("", None, False, [])}
