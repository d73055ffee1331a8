"""Canned replies: texts with variables such as `{{number}}`, filled in from a request.

A variable is looked up in a list of known names and nothing else: a text can reach no other value of the program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crm.actor import OUTBOX, Actor
from crm.errors import Invalid, NotThere
from crm.request.model import Request
from crm.request.reading import request, subject_of
from crm.rights import authorise
from crm.settings import CrmSettings, Mailbox
from storage.crm import canned as rows
from storage.crm import written
from storage.crm.canned import Reply
from storage.unit_of_work import SqlUnitOfWork

VARIABLES: Mapping[str, str] = {
    "number": "the request's number",
    "subject": "the request's subject",
    "customer_name": "the customer's name",
    "customer_address": "the customer's mail address",
    "type": "the request's type",
    "status": "the request's status",
    "responsible": "who is responsible",
    "me": "who writes the answer",
    "mailbox_name": "the name of the mailbox that the answer goes out from",
    "mailbox_address": "its address",
    "url": "the request's page",
    "today": "the date, as 2026-03-31",
}
LONGEST = 100_000  # characters of a reply
_VARIABLE = re.compile(r"\{\{\s*([a-z_]{1,40})\s*(?:\|([^{}\n]{0,200}))?\}\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A reply for one request."""

    subject: str
    text: str
    unknown: tuple[str, ...] = ()  # variables that are none; they stay in the text
    empty: tuple[str, ...] = ()  # variables that this request has no value for


def replies(unit: SqlUnitOfWork, actor: Actor) -> list[Reply]:
    """In their order."""
    authorise(actor, "catalogue.read")
    return rows.replies(unit.session.connection)


def reply(unit: SqlUnitOfWork, actor: Actor, number: int) -> Reply:
    """Raises `NotThere`."""
    authorise(actor, "catalogue.read")
    return _there(unit, number)


def add(unit: SqlUnitOfWork, actor: Actor, name: str, subject: str, body: str) -> Reply:
    """At the end. Raises `Invalid` for a name that is taken, and for variables that are none."""
    authorise(actor, "catalogue.edit")
    _check(unit, name, subject, body, 0)
    return _there(unit, rows.add(unit.session.connection, name.strip(), subject.strip(), body))


def change(unit: SqlUnitOfWork, actor: Actor, number: int, name: str, subject: str, body: str) -> Reply:
    """Raises `NotThere`, `Invalid`."""
    authorise(actor, "catalogue.edit")
    _there(unit, number)
    _check(unit, name, subject, body, number)
    rows.change(unit.session.connection, number, name.strip(), subject.strip(), body)
    return _there(unit, number)


def remove(unit: SqlUnitOfWork, actor: Actor, number: int) -> None:
    """Raises `NotThere`."""
    authorise(actor, "catalogue.edit")
    _there(unit, number)
    rows.remove(unit.session.connection, number)


def order(unit: SqlUnitOfWork, actor: Actor, ids: tuple[int, ...]) -> None:
    """All of them, in their new order."""
    authorise(actor, "catalogue.edit")
    if sorted(ids) != sorted(one.id for one in rows.replies(unit.session.connection)):
        raise Invalid("Name every canned reply once to put them in order.")
    rows.order(unit.session.connection, ids)


def fill(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, number: int, request_id: int) -> Filled:
    """For one request. Raises `NotThere`."""
    authorise(actor, "answer.write", subject_of(unit, request_id))
    found = _there(unit, number)
    values = variables(unit, settings, actor, request_id)
    return _filled(found.subject, found.body, values)


def fill_named(unit: SqlUnitOfWork, settings: CrmSettings, name: str, request_id: int) -> Filled | None:
    """The reply of this name, by the program itself; None when no admin wrote one."""
    found = rows.reply_named(unit.session.connection, name)
    return None if found is None else _filled(found.subject, found.body, variables(unit, settings, OUTBOX, request_id))


def text_named(unit: SqlUnitOfWork, name: str) -> Reply | None:
    """The reply of this name as it is, variables and all."""
    return rows.reply_named(unit.session.connection, name)


def fill_text(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    text: str,
    request_id: int,
    more: Mapping[str, str] | None = None,
) -> Filled:
    """A text of our own. Asks nobody's rights: the caller has."""
    return _filled("", text, {**variables(unit, settings, actor, request_id), **(more or {})})


def variables(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, request_id: int) -> dict[str, str]:
    """What the variables stand for."""
    found = request(unit, OUTBOX, request_id)
    box = mailbox_for(settings, found)
    return {
        "number": found.number,
        "subject": found.subject,
        "customer_name": found.customer_name,
        "customer_address": found.customer_address,
        "type": found.type_name,
        "status": found.status_name,
        "responsible": _person(unit, found.responsible_id),
        "me": _person(unit, actor.user_id),
        "mailbox_name": (box.display_name or box.name) if box else "",
        "mailbox_address": box.address if box else "",
        "url": f"{settings.web_url}/requests/{found.number}" if settings.web_url else "",
        "today": unit.session.now().date().isoformat(),
    }


def _person(unit: SqlUnitOfWork, user_id: int | None) -> str:
    """As customers read it: by the full name, where it is known. "" for nobody."""
    found = written.user_address(unit.session.connection, user_id)
    return found[0] if found else ""


def mailbox_for(settings: CrmSettings, found: Request) -> Mailbox | None:
    """The one that got the request's first mail, else the first one that there is."""
    return settings.mailboxes.get(found.mailbox) or next(iter(settings.mailboxes.values()), None)


def signed(text: str, box: Mailbox) -> str:
    """With the mailbox's signature under it (RFC 3676, 4.3)."""
    return f"{text.rstrip()}\n\n-- \n{box.signature.strip()}\n" if box.signature.strip() else f"{text.rstrip()}\n"


def _filled(subject: str, body: str, values: Mapping[str, str]) -> Filled:
    used = [found for found, _default in _VARIABLE.findall(f"{subject}\n{body}")]
    bare = [found for found, default in _VARIABLE.findall(f"{subject}\n{body}") if not default]

    def one(match: re.Match[str]) -> str:
        name, default = match.groups()
        return (values[name] or default or "") if name in values else match[0]

    return Filled(
        subject=" ".join(_VARIABLE.sub(one, subject).split()),
        text=_VARIABLE.sub(one, body),
        unknown=tuple(dict.fromkeys(name for name in used if name not in values)),
        empty=tuple(dict.fromkeys(name for name in bare if name in values and not values[name])),
    )


def _check(unit: SqlUnitOfWork, name: str, subject: str, body: str, number: int) -> None:
    if not name.strip() or len(name) > 200 or not body.strip():
        raise Invalid("A canned reply needs a name of at most 200 characters, and a text.")
    if len(body) > LONGEST or len(subject) > 500:
        raise Invalid("A canned reply has at most 100,000 characters, its subject 500.")
    same = rows.reply_named(unit.session.connection, name.strip())
    if same is not None and same.id != number:
        raise Invalid(f"There is a canned reply {name.strip()!r} already; choose another name.")
    known = {**VARIABLES, **MORE}
    strange = [found for found, _default in _VARIABLE.findall(f"{subject}\n{body}") if found not in known]
    if strange:
        raise Invalid(f"There is no variable {strange[0]!r}; there are: {', '.join(sorted(known))}.")


MORE: Mapping[str, str] = {  # in the reply "missing data" only
    "missing": "what is missing, one a line",
    "contacts": "how to reach us, one a line",
}


def _there(unit: SqlUnitOfWork, number: int) -> Reply:
    found = rows.reply(unit.session.connection, number)
    if found is None:
        raise NotThere("There is no such canned reply.")
    return found
