"""What the matrix of rights is tried on: users of every role, with a request of his own and all that hangs on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import select, update

from agendahub.crm_settings import crm_settings
from crm import people, roles
from crm.actions import OF_REQUESTS
from crm.activity import finishing, planning
from crm.activity.model import NewActivity
from crm.actor import ADMIN
from crm.answer import canned, drafts
from crm.answer.model import Outgoing
from crm.document import making
from crm.document.model import Line, NewQuote, NewTicket
from crm.intake.aside import keep_delivered
from crm.intake.model import Delivered
from crm.intake.taking import take
from crm.invitation import outgoing
from crm.mail.model import Party
from crm.request import catalogue, closing, joining, opening, reading
from crm.request import people as taking_part
from crm.request.model import NewRequest
from crm.rules import editing
from storage import tables as t
from storage.crm import mails
from storage.unit_of_work import SqlUnitOfWork
from tests.requests_api_here import ApiHere

CONFIGURED = """
[[accounts]]
name = "post"
connector = "imap"
url = "imap://127.0.0.1:1"
username = "info"
secret = "env:NOTHING"

[[mailboxes]]
name = "info"
account = "post"
address = "info@firm.example"
send_through = ""
"""
OWN = {  # identity -> why a request is his: he is responsible, a colleague of his group is, he takes part
    "operator": "own",
    "deskhand": "own",
    "helper": "group",
    "client": "part",
    "deskclient": "part",
}
OTHERS = ("administrator", "supervisor", "nobody", "blocked", "stranger", "looker")
SCOPES = {"deskhand": "own", "helper": "group", "deskclient": "part"}  # these may do everything to such requests
INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260301T100000Z
SEQUENCE:0
DTSTART:20260401T100000Z
DTEND:20260401T110000Z
SUMMARY:Visit
ORGANIZER:mailto:{sender}
ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:info@firm.example
END:VEVENT
END:VCALENDAR
"""


@dataclass
class World:
    """Ids by bundle: whose -> name -> id."""

    here: ApiHere
    ids: dict[str, dict[str, Any]] = field(default_factory=dict)
    general: dict[str, Any] = field(default_factory=dict)


def make_world(here: ApiHere) -> World:
    """Everything, committed."""
    world = World(here)
    with here.database.begin() as unit:
        _people(here, unit)
        catalogue.seed(unit)
        _general(world, unit)
        for name, kind in OWN.items():
            world.ids[name] = _bundle(world, unit, name, kind)
        world.ids["foreign"] = _bundle(world, unit, "else", "foreign")
    return world


def _people(here: ApiHere, unit: SqlUnitOfWork) -> None:
    for role in ("administrator", "supervisor", "operator", "client"):
        here.user(unit, role, role)
    for name, scope in SCOPES.items():
        roles.create_role(unit, ADMIN, f"all of {scope}", dict.fromkeys(OF_REQUESTS, scope))
        here.user(unit, name, f"all of {scope}")
    for name in ("nobody", "spare"):
        here.user(unit, name)
    for name in ("colleague", "responsible"):
        here.user(unit, name, "operator")
    here.user(unit, "blocked", "administrator")
    people.set_blocked(unit, ADMIN, "blocked", blocked=True)
    for group, members in (("desk", ("helper", "colleague")), ("empty", ())):
        people.create_group(unit, ADMIN, group)
        for member in members:
            people.add_member(unit, ADMIN, group, member)
    roles.create_role(unit, ADMIN, "spare", {"request.read": "own"})
    roles.create_role(unit, ADMIN, "held", {"request.read": "own"})
    roles.give(unit, ADMIN, "held", user="spare")
    roles.give(unit, ADMIN, "held", group="empty")
    here.token(unit, "program")
    here.token(unit, "looker", access="read")


def _general(world: World, unit: SqlUnitOfWork) -> None:
    now = unit.session.now()
    broken = keep_delivered(unit, Delivered("info", "INBOX", "broken", b"From: x@y.example\r\n\r\nx"), "It broke.")
    unplaced = mails.NewMessage(key="u", direction="in", received_at=now, subject="ignored")
    form = {"name": "Invoices", "when": [], "then": {"tags": ["invoice"]}}
    world.general = {
        "entry_id": broken.quarantine_id or 0,
        "unplaced_id": mails.add_message(unit.session.connection, unplaced, now),
        "type_id": catalogue.add_type(unit, ADMIN, "spare").id,
        "status_id": catalogue.add_status(unit, ADMIN, "spare").id,
        "reply_id": canned.add(unit, ADMIN, "hello", "Hello", "Dear {{customer_name}}").id,
        "rule_id": editing.add(unit, ADMIN, form).id,
        "user_id": world.here.users["responsible"],
        "type_ids": [found.id for found in catalogue.types(unit, ADMIN, archived=True)],
        "status_ids": [found.id for found in catalogue.statuses(unit, ADMIN, archived=True)],
    }


def _bundle(world: World, unit: SqlUnitOfWork, name: str, kind: str) -> dict[str, Any]:
    """A request and all that hangs on it."""
    users, settings = world.here.users, crm_settings(world.here.workspace)
    customer = f"{name}@example.org" if kind == "part" else f"customer-{name}@customer.example"
    responsible = users[{"own": name, "group": "colleague"}.get(kind, "responsible")]
    taken = take(unit, settings, Delivered("info", "INBOX", name, _mail(customer, name)))
    assert taken.request_id is not None
    assert taken.message_id is not None
    request_id = taken.request_id
    _give_to(unit, request_id, responsible)
    found: dict[str, Any] = {"request_id": request_id, "message_id": taken.message_id, "responsible_id": responsible}
    found["invitation_id"] = _first(unit, select(t.invitations.c.id).where(t.invitations.c.request_id == request_id))
    files = t.message_files.c
    found["number"] = _first(unit, select(files.number).where(files.message_id == taken.message_id))
    request = reading.request(unit, ADMIN, request_id)
    found["request_number"], found["customer_id"] = request.number, request.customer_id
    for other in ("other", "closed"):
        known = {"customer_id": request.customer_id, "customer_address": customer, "responsible_id": responsible}
        new = NewRequest(subject=other, **known)  # type: ignore[arg-type]
        found[f"{other}_id"] = opening.open_request(unit, settings, ADMIN, new).id
        _give_to(unit, found[f"{other}_id"], responsible)
    closing.close(unit, ADMIN, found["closed_id"], reading.request(unit, ADMIN, found["closed_id"]).version, "done")
    joining.link(unit, ADMIN, request_id, found["other_id"])
    taking_part.add_note(unit, ADMIN, request_id, "internal canary")
    taking_part.add_tag(unit, ADMIN, request_id, "vip")
    found |= _work(world, unit, request_id)
    for which in ("request", "other", "closed"):
        found[f"{which}_version"] = reading.request(unit, ADMIN, found[f"{which}_id"]).version
    return found


def _work(world: World, unit: SqlUnitOfWork, request_id: int) -> dict[str, Any]:
    """Drafts, documents, activities, a mail in doubt."""
    settings = crm_settings(world.here.workspace)
    mail = Outgoing(
        request_id=request_id, mailbox="info", to=(Party("x@customer.example"),), subject="s", text="secretword"
    )
    ticket = making.make_ticket(unit, settings, ADMIN, NewTicket(request_id, "Repair"))
    quote = making.make_quote(unit, settings, ADMIN, NewQuote(request_id, "Offer", (Line("Work", 1000, 100),)))
    sent = drafts.send(unit, settings, ADMIN, mail)
    outgoing_row = update(t.outgoing).where(t.outgoing.c.message_id == sent)
    unit.session.connection.execute(outgoing_row.values(state="doubt"))
    start = datetime(2026, 4, 2, 9, tzinfo=UTC)
    guests: dict[str, Any] = {"organizer": "info@firm.example", "guests": (Party("guest@customer.example"),)}
    new = NewActivity("visit", "Visit", request_id, starts_at=start, ends_at=start + timedelta(hours=1), **guests)
    planned, gone = (planning.plan(unit, settings, ADMIN, new) for _ in range(2))
    outgoing.invite(unit, settings, ADMIN, gone.id)
    gone = finishing.cancel(unit, settings, ADMIN, gone.id, _version(unit, gone.id))
    return {
        "draft_id": drafts.save(unit, settings, ADMIN, mail).id,
        "ticket_id": ticket.document.id,
        "document_id": quote.document.id,
        "sent_id": sent,
        "activity_id": planned.id,
        "activity_version": planned.version,
        "gone_id": gone.id,
        "gone_version": gone.version,
    }


def _version(unit: SqlUnitOfWork, activity_id: int) -> int:
    return _first(unit, select(t.activities.c.version).where(t.activities.c.id == activity_id))


def _give_to(unit: SqlUnitOfWork, request_id: int, responsible: int) -> None:
    values = {"responsible_id": responsible, "customer_state": "known"}
    unit.session.connection.execute(update(t.requests).where(t.requests.c.id == request_id).values(**values))


def _first(unit: SqlUnitOfWork, statement: object) -> int:
    return int(unit.session.connection.execute(statement).scalars().first() or 0)  # type: ignore[call-overload]


def _mail(sender: str, name: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "info@firm.example", f"Question of {name}"
    mail["Message-ID"], mail["Date"] = f"<{name}@customer.example>", "Sun, 01 Mar 2026 11:00:00 +0000"
    mail.set_content("Hello\n")
    mail.add_attachment(b"<script>alert(1)</script>", maintype="text", subtype="html", filename='../ev"il.html')
    text = INVITATION.format(uid=f"{name}-1", sender=sender).replace("\n", "\r\n")
    mail.add_attachment(text, subtype="calendar", params={"method": "REQUEST"})
    return mail.as_bytes()
