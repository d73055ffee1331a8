"""Drafts: what a person has begun to write. A draft may be incomplete; it becomes a mail when it is sent."""

from __future__ import annotations

import uuid
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from crm.actor import Actor
from crm.answer import mime
from crm.answer.headers import one_line
from crm.answer.model import Draft, File, Outgoing
from crm.answer.outbox import addresses, files_of, mailbox_of, put
from crm.answer.subjects import answer_to
from crm.errors import Invalid, NotThere
from crm.mail.model import Party
from crm.request.history import note
from crm.request.reading import current_id, subject_of
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm import mail_raws, mails, request_rows, written
from storage.crm.written import DRAFT, Written
from storage.unit_of_work import SqlUnitOfWork

_GONE = "There is no such draft; it may have been sent or thrown away."


def save(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, mail: Outgoing, draft_id: int | None = None
) -> Draft:
    """Keep a new draft, or what an old one says now. Raises `Invalid` for what no mail could ever be made of."""
    mail = _at_its_request(unit, actor, mail)
    connection, now = unit.session.connection, unit.session.now()
    old = None if draft_id is None else _draft(unit, actor, draft_id, mail.request_id)
    new = _row(unit, settings, actor, mail)
    if old is None:
        number = mails.add_message(connection, new, now)
    else:
        number = old.id
        if not written.change_draft(connection, number, new, now):
            raise NotThere(_GONE)
        if old.raw_digest != new.raw_digest:
            written.forget_raw(connection, old.raw_digest)
    return draft(unit, settings, actor, number)


def draft(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, draft_id: int) -> Draft:
    """As it was saved. Raises `NotThere`."""
    row = _draft(unit, actor, draft_id)
    author = written.user_name(unit.session.connection, row.user_id)
    return Draft(row.id, _mail(unit, settings, row), row.received_at, author)


def drafts(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, request_id: int) -> list[Draft]:
    """Of a request, everybody's: whoever may answer may go on with a colleague's."""
    authorise(actor, "answer.write", subject_of(unit, request_id))
    connection = unit.session.connection
    return [
        Draft(row.id, _mail(unit, settings, row), row.received_at, written.user_name(connection, row.user_id))
        for row in written.drafts_of(connection, request_id)
    ]


def discard(unit: SqlUnitOfWork, actor: Actor, draft_id: int) -> None:
    """Throw it away. Raises `NotThere`."""
    row = _draft(unit, actor, draft_id)
    _drop(unit, row)


def send(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, mail: Outgoing, draft_id: int | None = None) -> int:
    """Into the outbox; the draft that it was is gone with it. Gives the message's id. Raises `Invalid`, `NotThere`.

    A draft can be sent once: whoever clicks twice gets `NotThere` the second time.
    """
    mail = _at_its_request(unit, actor, mail)
    if mail.automatic:
        raise Invalid("What a person sends is not automatic.")
    if not (mail.text.strip() or mail.html.strip() or mail.files or mail.calendar):
        raise Invalid("The mail is empty; write something, or attach a file.")
    if draft_id is not None:
        _drop(unit, _draft(unit, actor, draft_id, mail.request_id))
    if not mail.subject.strip():
        row = request_rows.one(unit.session.connection, mail.request_id)
        mail = replace(mail, subject=answer_to(row["subject"] if row else ""))
    number = put(unit, settings, mail, actor=actor)
    told = ", ".join(party.address for party in (*mail.to, *mail.cc, *mail.bcc))
    note(unit, mail.request_id, actor, "wrote", after=told, reason=one_line(mail.subject, "The subject")[:900])
    return number


def _at_its_request(unit: SqlUnitOfWork, actor: Actor, mail: Outgoing) -> Outgoing:
    """The request may have been merged into another one; and what is answered must be one of its mails."""
    found = current_id(unit, mail.request_id)
    if found is None:
        raise NotThere("There is no such request.")
    authorise(actor, "answer.write", subject_of(unit, found))
    parent = written.message(unit.session.connection, mail.answers) if mail.answers else None
    if mail.answers and (parent is None or parent.request_id not in (found, mail.request_id)):
        raise NotThere("The mail that is answered is not there.")
    return replace(mail, request_id=found)


def _draft(unit: SqlUnitOfWork, actor: Actor, draft_id: int, request_id: int | None = None) -> Written:
    """`request_id`: whose draft it is said to be."""
    row = written.message(unit.session.connection, draft_id)
    if row is None or row.state != DRAFT or row.request_id is None:
        raise NotThere(_GONE)
    authorise(actor, "answer.write", subject_of(unit, row.request_id))
    if request_id is not None and current_id(unit, row.request_id) != request_id:
        raise NotThere(_GONE)
    return row


def _drop(unit: SqlUnitOfWork, row: Written) -> None:
    if not written.drop_draft(unit.session.connection, row.id):
        raise NotThere(_GONE)
    written.forget_raw(unit.session.connection, row.raw_digest)


def _row(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, mail: Outgoing) -> mails.NewMessage:
    connection, now = unit.session.connection, unit.session.now()
    box = mailbox_of(settings, mail.mailbox)
    mime.check_sizes(mail)
    raw = mime.content(mail)
    parent = written.message(connection, mail.answers) if mail.answers else None
    return mails.NewMessage(
        key=uuid.uuid4().hex,
        direction=mails.OUT,
        received_at=now,
        request_id=mail.request_id,
        subject=one_line(mail.subject, "The subject"),
        from_address=box.address,
        text=mail.text,
        raw_digest=mail_raws.keep(connection, raw, now),
        size=len(raw),
        user_id=actor.user_id,
        state=DRAFT,
        references=(parent.message_id,) if parent and parent.message_id else (),
        addresses=addresses(mail, Party(box.address)),
        files=files_of(mail.files, mime.texts(mail)),
    )


def _mail(unit: SqlUnitOfWork, settings: CrmSettings, row: Written) -> Outgoing:
    """We wrote it ourselves, so the standard library reads it."""
    connection = unit.session.connection
    raw = mail_raws.raw_of(connection, row.raw_digest) or b""
    parsed = message_from_bytes(raw, policy=policy.default)
    people = written.addresses_of(connection, row.id)
    boxes = (box.name for box in settings.mailboxes.values() if box.address == row.from_address)
    by_role = {
        role: tuple(Party(one.address, one.name) for one in people if one.role == role) for role in ("to", "cc", "bcc")
    }
    return Outgoing(
        request_id=row.request_id or 0,
        mailbox=next(boxes, ""),
        to=by_role["to"],
        cc=by_role["cc"],
        bcc=by_role["bcc"],
        subject=row.subject,
        text=row.text,
        html=_html(parsed),
        files=_files(parsed),
        answers=written.answered_by(connection, row.id),
    )


def _html(parsed: EmailMessage) -> str:
    found = parsed.get_body(("html",))
    return "\n".join(str(found.get_content()).splitlines()) if isinstance(found, EmailMessage) else ""


def _files(parsed: EmailMessage) -> tuple[File, ...]:
    return tuple(
        File(part.get_filename() or "file", part.get_content_type(), _octets(part))
        for part in parsed.iter_attachments()
    )


def _octets(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""
