"""What the rules say of a mail that opens a request, and who gets it (REQUESTS.md 6)."""

from __future__ import annotations

from dataclasses import dataclass

from crm.intake.customers import KNOWN, Customer
from crm.mail.model import Mail
from crm.rules.distribution import choose
from crm.rules.evaluating import evaluate
from crm.rules.facts import facts_of
from crm.rules.keeping import all_rules, people
from crm.rules.model import Facts, Outcome
from crm.settings import CrmSettings
from storage.crm.rights_rows import person
from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Sorted:
    """What was decided."""

    outcome: Outcome
    responsible_id: int | None = None


def sort(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    mail: Mail,
    raw: bytes,
    mailbox: str,
    customer: Customer,
    *,
    passed_on: bool = False,
) -> Sorted:
    """Ask the rules in their order; then say who is responsible, as they or the configuration want it.

    `passed_on`: by a colleague; what a stranger passes on is judged by the stranger.
    """
    facts = facts_at_intake(mail, raw, mailbox, customer, passed_on=passed_on)
    outcome = evaluate(all_rules(unit), facts)
    if outcome.spam or outcome.ignore:
        return Sorted(outcome)
    return Sorted(outcome, _responsible(unit, settings, outcome))


def facts_at_intake(mail: Mail, raw: bytes, mailbox: str, customer: Customer, *, passed_on: bool) -> Facts:
    """What the rules are told of a mail and of who wrote it."""
    return facts_of(
        mail,
        raw,
        mailbox=mailbox,
        customer_known=customer.state == KNOWN,
        categories=customer.categories,
        passed_on=passed_on,
    )


def _responsible(unit: SqlUnitOfWork, settings: CrmSettings, outcome: Outcome) -> int | None:
    if outcome.responsible:
        found = person(unit.session.connection, outcome.responsible)
        return found.id if found is not None and not found.blocked else None
    way = outcome.distribution or settings.distribution
    if not outcome.group and way == "none":
        return None
    return choose(way, people(unit, outcome.group))
