"""A saved plan as a JSON document and back. docs/plan.md describes it; a newer shape gets a new version number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from sync_engine.actions import Action, FieldChange, Upon
from sync_engine.ports import FieldConflict, Prefer
from sync_engine.saved_plan import BindingPlan, SavedPlan

FORMAT = "agendahub-plan"
VERSION = 1

_WORDS = ("side", "operation", "title", "starts", "reason", "remote_id", "uid", "result")


class NoPlanError(ValueError):
    """``str(error)`` says in one sentence why a document is no plan that can be read."""


def to_document(plan: SavedPlan) -> dict[str, Any]:
    """For JSON."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": plan.id,
        "created_at": plan.created_at,
        "created_by": plan.created_by,
        "bindings": [_binding_document(binding) for binding in plan.bindings],
    }


def action_document(action: Action) -> dict[str, Any]:
    """One action, for JSON."""
    return {name: value for name, value in asdict(action).items() if name != "item_id"}


def from_document(document: object) -> SavedPlan:
    """Raises `NoPlanError`."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise NoPlanError("it is not a plan of `agendahub plan --out`")
    if document.get("version") != VERSION:
        raise NoPlanError(f"its version is {document.get('version')}, and this program reads version {VERSION}")
    try:
        bindings = tuple(_binding(entry) for entry in document["bindings"])
        return SavedPlan(_word(document, "id"), _word(document, "created_at"), _word(document, "created_by"), bindings)
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise NoPlanError(f"something in it is missing or not what it should be ({err})") from err


def _binding_document(binding: BindingPlan) -> dict[str, Any]:
    return {
        "name": binding.name,
        "settings": dict(binding.settings),
        "last_plan": binding.last_plan,
        "held": len(binding.held),
        "actions": [action_document(action) for action in binding.actions],
    }


def _binding(entry: Mapping[str, Any]) -> BindingPlan:
    settings = {name: _word(entry["settings"], name) for name in entry["settings"]}
    actions = tuple(_action(action) for action in entry["actions"])
    return BindingPlan(_word(entry, "name"), settings, _word(entry, "last_plan"), actions)


def _action(entry: Mapping[str, Any]) -> Action:
    if not isinstance(entry["held"], bool):
        raise TypeError("held")
    words: dict[str, Any] = {name: _word(entry, name) for name in _WORDS}
    return Action(
        **words,
        fields=tuple(FieldChange(**_words(FieldChange, change)) for change in entry["fields"]),
        conflicts=tuple(_conflict(conflict) for conflict in entry["conflicts"]),
        upon=Upon(**_words(Upon, entry["upon"])),
        held=entry["held"],
    )


def _conflict(entry: Mapping[str, Any]) -> FieldConflict:
    words = _words(FieldConflict, entry)
    return FieldConflict(words["field"], words["base"], words["hub"], words["remote"], Prefer(words["kept"]))


def _words(kind: Any, entry: Mapping[str, Any]) -> dict[str, str]:
    return {field.name: _word(entry, field.name) for field in fields(kind)}


def _word(entry: Mapping[str, Any], name: str) -> str:
    value = entry[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value
