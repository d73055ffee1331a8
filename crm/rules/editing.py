"""What people do with rules: see, write, order, and try them on a mail. Who changed what stands in the audit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crm import audit
from crm.actor import Actor
from crm.errors import Invalid, NotThere
from crm.intake.customers import customer_of, writer_of
from crm.intake.sorting import facts_at_intake
from crm.mail.reading import read_mail
from crm.message import reading
from crm.people import known_group, known_user
from crm.request import catalogue
from crm.rights import authorise
from crm.rules import keeping
from crm.rules.evaluating import evaluate
from crm.rules.json_form import as_json, rule_from
from crm.rules.model import Outcome, Rule
from crm.settings import CrmSettings
from storage.crm.rules import mailbox_of
from storage.unit_of_work import SqlUnitOfWork

EDIT = "rule.edit"


def rules(unit: SqlUnitOfWork, actor: Actor) -> list[Rule]:
    """In their order, those switched off too."""
    authorise(actor, "rule.read")
    return list(keeping.all_rules(unit))


def rule(unit: SqlUnitOfWork, actor: Actor, rule_id: int) -> Rule:
    """One. Raises `NotThere`."""
    authorise(actor, "rule.read")
    return keeping.rule(unit, rule_id)


def add(unit: SqlUnitOfWork, actor: Actor, form: Mapping[str, Any]) -> Rule:
    """At the end. Raises `Invalid`, too where it names a type, user or group that does not exist."""
    authorise(actor, EDIT)
    _names_what_is_there(unit, rule_from(form))
    made = keeping.add(unit, form, actor.name)
    audit.note(unit, actor, EDIT, f"rule {made.name}", f"made: {_told(made)}")
    return made


def edit(unit: SqlUnitOfWork, actor: Actor, rule_id: int, form: Mapping[str, Any]) -> Rule:
    """Write it anew. Raises `Invalid`, `NotThere`."""
    authorise(actor, EDIT)
    _names_what_is_there(unit, rule_from(form, rule_id))
    before, after = keeping.edit(unit, rule_id, form, actor.name)
    audit.note(unit, actor, EDIT, f"rule {after.name}", f"was: {_told(before)}; is: {_told(after)}")
    return after


def move(unit: SqlUnitOfWork, actor: Actor, rule_id: int, position: int) -> None:
    """To a place counted from 0. Raises `NotThere`."""
    authorise(actor, EDIT)
    keeping.move(unit, rule_id, position)
    audit.note(unit, actor, EDIT, f"rule {keeping.rule(unit, rule_id).name}", f"moved to place {position}")


def remove(unit: SqlUnitOfWork, actor: Actor, rule_id: int) -> None:
    """Raises `NotThere`."""
    authorise(actor, EDIT)
    gone = keeping.remove(unit, rule_id)
    audit.note(unit, actor, EDIT, f"rule {gone.name}", f"removed: {_told(gone)}")


def tried(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    *,
    raw: bytes = b"",
    message_id: int | None = None,
    mailbox: str = "",
    form: Mapping[str, Any] | None = None,
) -> Outcome:
    """What the rules would say of a mail: its octets, or a message of ours. Nothing is stored.

    As intake asks them now: with what the address books say of the sender. `form`: a rule that is not kept yet, asked
    alone.
    """
    authorise(actor, "rule.read")
    if bool(raw) == (message_id is not None):
        raise Invalid("Give a mail, or the number of a message.")
    asked = keeping.all_rules(unit) if form is None else (rule_from(form),)
    if message_id is not None:
        raw = reading.raw(unit, actor, message_id)
        mailbox = mailbox or mailbox_of(unit.session.connection, message_id)
    mail = read_mail(raw, own=settings.own_addresses, trusted=settings.trusted_authserv)
    writer = writer_of(unit, settings, mail)
    customer = customer_of(unit, settings, writer.party)
    return evaluate(asked, facts_at_intake(mail, raw, mailbox, customer, passed_on=bool(writer.forwarded_by)))


def _names_what_is_there(unit: SqlUnitOfWork, about: Rule) -> None:
    """When it is written; what is renamed or removed later is left out by intake, which must not fail."""
    then = about.actions
    try:
        if then.responsible:
            known_user(unit, then.responsible)
        if then.group:
            known_group(unit, then.group)
    except NotThere as err:
        raise Invalid(str(err)) from err
    if then.request_type:
        catalogue.seed(unit)
        names = [entry.name for entry in catalogue.all_types(unit) if not entry.archived]
        if then.request_type.casefold() not in (name.casefold() for name in names):
            raise Invalid(f"There is no type {then.request_type!r}; choose one of {', '.join(names)}.")


def _told(about: Rule) -> str:
    return json.dumps(as_json(about), ensure_ascii=False)
