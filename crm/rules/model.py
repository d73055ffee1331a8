"""Rules, what they look at, and what they decide with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Condition:
    """One question to a mail: `field` `operator` `value`, or its contrary."""

    field: str  # crm.rules.fields.FIELDS: from, domain, to, mailbox, subject, text, automatic, attachments, size ...
    operator: str  # is, contains, starts, ends, matches, above, below
    value: str | int | bool | tuple[str, ...]  # a tuple: any of them
    contrary: bool = False  # the rule wants it not to hold
    header: str = ""  # lower case; of the field "header"


@dataclass(frozen=True, slots=True)
class Actions:
    """What a rule sets. What is empty is left to later rules."""

    request_type: str = ""  # by name
    priority: int | None = None  # 1 (lowest) to 5
    effort: int | None = None  # 1 (least) to 5
    responsible: str = ""  # name of a user
    group: str = ""  # name of a group: somebody of it becomes responsible, by `distribution`
    distribution: str = ""  # direct, round_robin, least_busy; "" for what the configuration says
    spam: bool = False
    ignore: bool = False  # kept, but nobody has to act on it: no request
    tags: tuple[str, ...] = ()
    stop: bool = False  # no rule after this one is asked


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions and what is done when they hold."""

    name: str
    conditions: tuple[Condition, ...] = ()  # none: every mail
    actions: Actions = field(default_factory=Actions)
    any_of: bool = False  # one condition is enough; else all must hold
    enabled: bool = True
    id: int = 0  # in the store


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may look at. Made by `crm.rules.facts.facts_of`. Texts as they are, addresses in lower case."""

    sender: str = ""
    sender_name: str = ""
    recipients: tuple[str, ...] = ()  # of To and Cc
    mailbox: str = ""  # its name
    subject: str = ""
    text: str = ""
    automatic: str = ""  # "" for a person's mail
    attachments: tuple[str, ...] = ()  # their names
    invitation: bool = False
    size: int = 0  # octets
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by lower case name, decoded
    verified: bool = False
    authentication: str = ""
    customer_known: bool = False
    categories: tuple[str, ...] = ()  # of the customer's contact
    language: str = ""  # it, en, fr, pl, de, es; "" when one cannot tell


@dataclass(frozen=True, slots=True)
class Checked:
    """One condition as it was found."""

    condition: str  # in words: subject contains "invoice"
    held: bool
    why: str  # the subject is "Your order"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule as it was found."""

    rule: str
    matched: bool
    asked: bool  # False: switched off, or a rule before it said stop
    conditions: tuple[Checked, ...] = ()
    effects: tuple[str, ...] = ()  # what it set, in words; and what it would have set but for an earlier rule
    rule_id: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all rules together decided. The first rule that sets a value has it; tags come together."""

    request_type: str = ""  # "" when no rule says
    priority: int | None = None
    effort: int | None = None
    responsible: str = ""
    group: str = ""
    distribution: str = ""
    spam: bool = False
    ignore: bool = False
    tags: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def explanation(self) -> str:
        """All verdicts as lines of text."""
        return "\n".join(line for verdict in self.verdicts for line in _lines(verdict))


def _lines(verdict: Verdict) -> list[str]:
    if not verdict.asked:
        return [f"{verdict.rule}: not asked, {', '.join(verdict.effects)}"]
    head = f"{verdict.rule}: {'matches' if verdict.matched else 'does not match'}"
    checks = [f"  {'yes' if one.held else 'no '} {one.condition}: {one.why}" for one in verdict.conditions]
    return [head, *checks, *(f"  -> {effect}" for effect in verdict.effects)]
