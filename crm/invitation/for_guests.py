"""Invitations that users make on their phones, mailed to people outside (iMIP, RFC 6047).

They belong to no request; the outbox sends them as all mails, once. What people answer by hand goes to the user.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from crm.answer import mime
from crm.answer.model import Calendar, Outgoing
from crm.answer.outbox import addresses, mailbox_of
from crm.errors import CrmError
from crm.mail.model import Party
from crm.settings import CrmSettings
from storage.crm import mail_raws, mails
from storage.crm import outbox as rows
from storage.unit_of_work import SqlUnitOfWork

_WORDS = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer"}
_NO_REQUEST = 0


@dataclass(frozen=True, slots=True)
class GuestMail:
    """What one guest, or an organiser outside, is told."""

    sender: Party  # the user; answers by hand go to him where he has an address
    recipient: str
    method: str  # REQUEST, CANCEL, REPLY
    summary: str
    calendar: str  # the VCALENDAR


def mail_guest(unit: SqlUnitOfWork, settings: CrmSettings, mailbox: str, mail: GuestMail) -> bool:
    """Put it into the outbox, in the transaction that it comes of. False: no mail can be made of it."""
    try:
        _put(unit, settings, mailbox, mail)
    except CrmError:
        return False
    return True


def _put(unit: SqlUnitOfWork, settings: CrmSettings, mailbox: str, mail: GuestMail) -> None:
    box, connection, now = mailbox_of(settings, mailbox), unit.session.connection, unit.session.now()
    summary = " ".join(mail.summary.split())[:150]
    subject = f"{_WORDS.get(mail.method, 'Meeting')}: {summary}"
    outgoing = Outgoing(
        request_id=_NO_REQUEST,
        mailbox=box.name,
        to=(Party(mail.recipient),),
        subject=subject,
        text=f"{subject}\n\n{mail.sender.name} <{mail.sender.address}>" if mail.sender.address else subject,
        calendar=Calendar(mail.method, mail.calendar),
        token=False,
    )
    sender = Party(box.address, mail.sender.name or box.display_name)
    header_id = f"{secrets.token_hex(16)}@{box.address.rpartition('@')[2]}"
    envelope = mime.Envelope(sender, header_id, subject, now, reply_to=mail.sender if mail.sender.address else None)
    raw = mime.write(outgoing, envelope)
    row = mails.NewMessage(
        key=mails.id_hash(header_id),
        direction=mails.OUT,
        received_at=now,
        message_id=header_id,
        subject=subject,
        from_address=sender.address,
        from_name=sender.name,
        verified=True,
        sent_at=now,
        text=outgoing.text,
        raw_digest=mail_raws.keep(connection, raw, now),
        size=len(raw),
        state="waiting",
        addresses=addresses(outgoing, sender),
    )
    number = mails.add_message(connection, row, now)
    rows.enqueue(connection, number, box.name, box.address, mime.recipients(outgoing), automatic=False, now=now)
