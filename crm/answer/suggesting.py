"""What a person would write first: an answer with the quoted mail, a forward, the mail that asks for what is missing.

Nothing is kept and nothing is sent: each gives a `Draft` (id 0) that the person changes, saves or sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crm.actor import OUTBOX, Actor
from crm.answer import canned
from crm.answer.model import Draft, File, Outgoing
from crm.answer.subjects import answer_to, forward_of
from crm.errors import Invalid, Missing, NotThere
from crm.mail.model import Party
from crm.request.model import Request
from crm.request.reading import request, subject_of
from crm.rights import authorise
from crm.settings import CrmSettings, Mailbox
from storage.crm import bounced, mail_raws, written
from storage.crm.written import Written
from storage.unit_of_work import SqlUnitOfWork

MISSING_DATA = "missing data"  # the canned reply that asks, where an admin wrote one of this name
MOST_FIELDS = 20
_QUOTED = 50_000  # characters of a mail that are quoted
_ASKING = """Hello,

thank you for your message. To go on with {{number}} we still need:

{{missing}}

Please answer this mail, or reach us in another way:

{{contacts}}
"""


def answer(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    request_id: int,
    message_id: int | None = None,
    *,
    everybody: bool = False,
) -> Draft:
    """To the sender of a mail (the newest one of a person where none is named), `everybody`: to all who got it, too."""
    found, box = _request(unit, settings, actor, request_id)
    mail = _message(unit, found, message_id) if message_id else written.newest(unit.session.connection, found.id)
    to = _sender(unit, mail, found)
    cc = _others(unit, settings, mail, to) if everybody and mail else ()
    return Draft(
        0,
        Outgoing(
            request_id=found.id,
            mailbox=box.name,
            to=to,
            cc=cc,
            subject=answer_to(mail.subject if mail else found.subject),
            text=canned.signed("", box) + (_quoted(mail) if mail else ""),
            answers=mail.id if mail else None,
        ),
        warnings=_warnings(unit, (*to, *cc)),
    )


def forward(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    message_id: int,
    to: Sequence[Party] = (),
    *,
    whole: bool = True,
) -> Draft:
    """A mail to somebody else; `whole`: with the mail as it came as a file. Needs the right to see that."""
    mail = written.message(unit.session.connection, message_id)
    if mail is None or mail.request_id is None:
        raise NotThere("There is no such mail.")
    found, box = _request(unit, settings, actor, mail.request_id)
    files: tuple[File, ...] = ()
    if whole:
        authorise(actor, "message.raw", subject_of(unit, found.id))
        raw = mail_raws.raw_of(unit.session.connection, mail.raw_digest) or b""
        files = (File("mail.eml", "application/octet-stream", raw),)
    head = f"---------- Forwarded ----------\nFrom: {_who(mail)}\nDate: {_when(mail)}\nSubject: {mail.subject}\n\n"
    return Draft(
        0,
        Outgoing(
            request_id=found.id,
            mailbox=box.name,
            to=tuple(to),
            subject=forward_of(mail.subject),
            text=canned.signed("", box) + "\n" + head + mail.text[:_QUOTED],
            files=files,
        ),
        warnings=_warnings(unit, to),
    )


def ask_for_missing(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, request_id: int, fields: Sequence[str]
) -> Draft:
    """Which data are missing, with a short subject and several ways to reach us (REQUESTS.md 11)."""
    wanted = [" ".join(field.split())[:200] for field in fields if field.strip()]
    if not wanted or len(wanted) > MOST_FIELDS:
        raise Missing(f"Name what is missing: one to {MOST_FIELDS} things.", ["fields"])
    draft = answer(unit, settings, actor, request_id)
    found, box = _request(unit, settings, actor, draft.mail.request_id)
    more = {
        "missing": "\n".join(f"- {field}" for field in wanted),
        "contacts": "\n".join(f"- {way}" for way in _ways(unit, settings, found, box)),
    }
    own = canned.text_named(unit, MISSING_DATA)
    filled = canned.fill_text(unit, settings, actor, own.body if own else _ASKING, found.id, more)
    subject = own.subject if own and own.subject else "Missing: " + ", ".join(wanted)
    return Draft(0, _asking(draft.mail, box, _short(subject), filled.text), warnings=draft.warnings)


def _asking(mail: Outgoing, box: Mailbox, subject: str, text: str) -> Outgoing:
    return Outgoing(
        request_id=mail.request_id,
        mailbox=mail.mailbox,
        to=mail.to,
        subject=subject,
        text=canned.signed(text, box),
        answers=mail.answers,
    )


def _ways(unit: SqlUnitOfWork, settings: CrmSettings, found: Request, box: Mailbox) -> list[str]:
    """Several contact points: the mailbox, who is responsible, the other mailboxes. Telephone: in the signature."""
    person = written.user_address(unit.session.connection, found.responsible_id)
    ways = [f"mail: {box.address}"]
    if person and person[1]:
        ways.append(f"{person[0]}: {person[1]}")
    ways += [f"{one.display_name or one.name}: {one.address}" for one in settings.mailboxes.values() if one != box][:3]
    return ways


def _short(subject: str) -> str:
    """At most 60 characters, cut at a word."""
    if len(subject) <= 60:
        return subject
    return subject[:57].rsplit(" ", 1)[0].rstrip(",;: ") + " ..."


def _request(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, request_id: int) -> tuple[Request, Mailbox]:
    authorise(actor, "answer.write", subject_of(unit, request_id))
    found = request(unit, OUTBOX, request_id)
    box = canned.mailbox_for(settings, found)
    if box is None:
        raise Invalid("There is no mailbox to send from: add one to the configuration ([[mailboxes]]).")
    return found, box


def _message(unit: SqlUnitOfWork, found: Request, message_id: int) -> Written:
    mail = written.message(unit.session.connection, message_id)
    if mail is None or mail.request_id != found.id or mail.state == written.DRAFT:
        raise NotThere("There is no such mail.")
    return mail


def _sender(unit: SqlUnitOfWork, mail: Written | None, found: Request) -> tuple[Party, ...]:
    """Reply-To, else From; of our own mail who got it; without any mail the customer."""
    if mail is None:
        return (Party(found.customer_address, found.customer_name),) if found.customer_address else ()
    people = _people(unit, mail)
    wanted = people["to"] if mail.direction == "out" else people["reply-to"]
    if mail.forwarded_by or not wanted:
        return (Party(mail.from_address, mail.from_name),) if mail.from_address else ()
    return wanted


def _others(unit: SqlUnitOfWork, settings: CrmSettings, mail: Written, to: Sequence[Party]) -> tuple[Party, ...]:
    people = _people(unit, mail)
    ours = settings.own_addresses | {party.address for party in to}
    return tuple(party for party in (*people["to"], *people["cc"]) if party.address not in ours)


def _people(unit: SqlUnitOfWork, mail: Written) -> Mapping[str, tuple[Party, ...]]:
    rows = written.addresses_of(unit.session.connection, mail.id)
    return {
        role: tuple({one.address: Party(one.address, one.name) for one in rows if one.role == role}.values())
        for role in ("reply-to", "to", "cc")
    }


def _warnings(unit: SqlUnitOfWork, parties: Sequence[Party]) -> tuple[str, ...]:
    dead = bounced.dead(unit.session.connection, [party.address for party in parties])
    return tuple(
        f"{address} did not take the last mail: {why or 'no reason was given'}" for address, why in dead.items()
    )


def _quoted(mail: Written) -> str:
    lines = mail.text[:_QUOTED].splitlines()
    return f"\n{_when(mail)}, {_who(mail)} wrote:\n" + "\n".join(f"> {line}" if line else ">" for line in lines) + "\n"


def _who(mail: Written) -> str:
    return f"{mail.from_name} <{mail.from_address}>" if mail.from_name else mail.from_address


def _when(mail: Written) -> str:
    return f"{mail.sent_at or mail.received_at:%Y-%m-%d %H:%M} UTC"
