"""Rules as JSON, and back with every mistake named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.rules.model import Rule


def rule_from(value: Mapping[str, Any]) -> Rule:
    """Raises `crm.errors.Invalid` with one sentence for the first thing that cannot be.

    ```
    {"name": "Invoices", "enabled": true, "match": "all",
     "when": [{"field": "subject", "operator": "contains", "value": ["invoice", "fattura"]},
              {"field": "automatic", "operator": "is", "value": true, "not": true}],
     "then": {"type": "commercial", "priority": 4, "group": "Sales", "distribution": "least_busy",
              "tags": ["invoice"], "stop": true}}
    ```
    """
    raise NotImplementedError


def as_json(rule: Rule) -> dict[str, Any]:
    """The same form, with what is not set left out."""
    raise NotImplementedError
