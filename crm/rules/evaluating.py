"""Asking rules in their order."""

from __future__ import annotations

from collections.abc import Sequence

from crm.rules.model import Facts, Outcome, Rule


def evaluate(rules: Sequence[Rule], facts: Facts) -> Outcome:
    """What the rules say of a mail, and why. The first rule that sets a value has it; tags come together."""
    raise NotImplementedError


def dry_run(rules: Sequence[Rule], raw: bytes, *, mailbox: str = "", own: frozenset[str] = frozenset()) -> Outcome:
    """What the rules would say of a mail given as octets; `explanation` tells why. Nothing is stored."""
    raise NotImplementedError
