"""The rules in the store, for intake and for who may edit them."""

from __future__ import annotations

from collections.abc import Sequence

from crm.rules.distribution import Candidate
from crm.rules.model import Rule
from storage.unit_of_work import SqlUnitOfWork


def all_rules(unit: SqlUnitOfWork) -> tuple[Rule, ...]:
    """In their order, those switched off too. For intake: nobody's right is asked."""
    raise NotImplementedError


def people(unit: SqlUnitOfWork, group: str = "") -> Sequence[Candidate]:
    """Who can get a request: the members of a group, or everybody."""
    raise NotImplementedError
