"""The outbox: a mail is put into it in the transaction that says why, and sent later, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import nh3

from crm import audit
from crm.actor import OUTBOX, Actor
from crm.answer import mime, signed_ids
from crm.answer.headers import one_line
from crm.answer.model import File, Outgoing, Waiting
from crm.answer.subjects import with_token
from crm.answer.threads import Thread, thread_of
from crm.errors import Invalid, NotThere, Refused
from crm.mail.html_text import text_from_html
from crm.mail.model import Party
from crm.request.history import note
from crm.request.mailing import message_added
from crm.rights import authorise
from crm.settings import CrmSettings, Mailbox
from storage.crm import mail_raws, mails, written
from storage.crm import outbox as rows
from storage.unit_of_work import SqlUnitOfWork

STATES = (*rows.UNFINISHED, "sent", "given_up")


def put(unit: SqlUnitOfWork, settings: CrmSettings, mail: Outgoing, *, actor: Actor = OUTBOX) -> int:
    """Make the mail and let it wait; gives its id (of `messages`). Asks nobody's rights: the caller has.

    Raises `Invalid` for what cannot be a mail: no recipient, a line break in a header, files over the limits.
    """
    box = mailbox_of(settings, mail.mailbox)
    connection, now = unit.session.connection, unit.session.now()
    number = written.number_of(connection, mail.request_id)
    if number is None:
        raise NotThere("There is no such request.")
    if not mail.text.strip() and mail.html:
        mail = replace(mail, text=text_from_html(nh3.clean(mail.html)))
    thread = thread_of(unit, mail.answers)
    envelope = mime.Envelope(
        sender=Party(box.address, box.display_name),
        message_id=signed_ids.make(settings.signing_key, mail.request_id, box.address.rpartition("@")[2]),
        subject=with_token(mail.subject, number) if mail.token else one_line(mail.subject, "The subject"),
        at=now,
        in_reply_to=thread.in_reply_to,
        references=thread.references,
    )
    raw = mime.write(mail, envelope)
    message_id = mails.add_message(connection, _row(unit, mail, envelope, raw, thread, actor), now)
    sender = "" if mail.automatic else box.address
    to = mime.recipients(mail)
    rows.enqueue(connection, message_id, box.name, sender, to, automatic=bool(mail.automatic), now=now)
    message_added(unit, mail.request_id)
    return message_id


def outbox(
    unit: SqlUnitOfWork, actor: Actor, *, states: tuple[str, ...] = (), limit: int = 100, before: int | None = None
) -> list[Waiting]:
    """What waits, is in doubt or failed (or in `states`), the newest first. `before`: `Waiting.id` of the last one."""
    authorise(actor, "outbox.read")
    if strange := set(states) - set(STATES):
        raise Invalid(f"A mail is never {min(strange)!r}; it is one of {', '.join(STATES)}.")
    wanted = states or rows.UNFINISHED
    return [_waiting(row) for row in rows.listed(unit.session.connection, wanted, min(max(limit, 1), 500), before)]


def waiting_of(unit: SqlUnitOfWork, message_id: int) -> Waiting | None:
    """What the outbox knows of one mail. Asks nobody's rights: the caller has."""
    row = rows.of_message(unit.session.connection, message_id)
    return None if row is None else _waiting(row)


def decide(unit: SqlUnitOfWork, actor: Actor, message_id: int, *, was_sent: bool) -> None:
    """A person says what became of a mail in doubt, or that one that failed is to be tried again (`was_sent` False).

    Raises `Refused` for a mail that is neither in doubt nor failed.
    """
    row, now = _to_decide(unit, actor, message_id), unit.session.now()
    if was_sent:
        _decided(unit, actor, row, "sent", "was sent", error="", sent_at=row.started_at or now, next_at=None)
    else:
        _decided(unit, actor, row, "waiting", "is sent again", error="", next_at=now, tries=0)


def give_up(unit: SqlUnitOfWork, actor: Actor, message_id: int) -> None:
    """A person says that a mail in doubt, or one that failed, is not sent any more; nobody is told of it again.

    Why it failed stays with it. Raises as `decide`.
    """
    row = _to_decide(unit, actor, message_id)
    _decided(unit, actor, row, "given_up", "is not sent any more", next_at=None)


def _to_decide(unit: SqlUnitOfWork, actor: Actor, message_id: int) -> rows.OutRow:
    authorise(actor, "outbox.decide")
    row = rows.of_message(unit.session.connection, message_id)
    if row is None:
        raise NotThere("There is no such mail in the outbox.")
    if row.state not in ("doubt", "failed"):
        said = row.state.replace("_", " ")
        raise Refused(f"This mail is {said}; only what is in doubt or failed can be decided.")
    return row


def _decided(unit: SqlUnitOfWork, actor: Actor, row: rows.OutRow, new: str, told: str, **values: Any) -> None:
    if not rows.move(unit.session.connection, row.id, row.state, new, **values):
        raise Refused("Somebody else has decided it meanwhile; look again.")
    audit.note(unit, actor, "outbox.decide", f"mail {row.message_id}", told)
    if row.request_id is not None:
        note(unit, row.request_id, actor, "outbox", before=row.state, after=told, reason=row.subject[:900])


def mailbox_of(settings: CrmSettings, name: str) -> Mailbox:
    """Raises `Invalid` for one that is not in the configuration."""
    box = settings.mailboxes.get(name)
    if box is None:
        known = ", ".join(sorted(settings.mailboxes)) or "none"
        raise Invalid(f"There is no mailbox {name!r} to send from; there are: {known}.")
    return box


def files_of(files: tuple[File, ...], first: int) -> tuple[mails.FileRow, ...]:
    """Their rows. They are the last leaf parts of the mail, `first` is the number of the first one."""
    return tuple(
        mails.FileRow(first + place, mime.file_name(file.name), mime.media_type(file), len(file.content))
        for place, file in enumerate(files)
    )


def _row(
    unit: SqlUnitOfWork, mail: Outgoing, envelope: mime.Envelope, raw: bytes, thread: Thread, actor: Actor
) -> mails.NewMessage:
    return mails.NewMessage(
        key=mails.id_hash(envelope.message_id),
        direction=mails.OUT,
        received_at=envelope.at,
        message_id=envelope.message_id,
        request_id=mail.request_id,
        automatic=mail.automatic,
        subject=envelope.subject,
        from_address=envelope.sender.address,
        from_name=envelope.sender.name,
        verified=True,
        sent_at=envelope.at,
        text=mail.text,
        raw_digest=mail_raws.keep(unit.session.connection, raw, envelope.at),
        size=len(raw),
        user_id=actor.user_id,
        state="waiting",
        references=tuple(reversed(thread.references)),
        addresses=addresses(mail, envelope.sender),
        files=files_of(mail.files, mime.texts(mail)),
    )


def addresses(mail: Outgoing, sender: Party) -> tuple[mails.AddressRow, ...]:
    """Who stands in the mail's headers, and who gets it unseen."""
    people = (("from", (sender,)), ("to", mail.to), ("cc", mail.cc), ("bcc", mail.bcc))
    return tuple(mails.AddressRow(role, one.address.strip().lower(), one.name) for role, all_ in people for one in all_)


def _waiting(row: rows.OutRow) -> Waiting:
    return Waiting(**{name: getattr(row, name) for name in Waiting.__dataclass_fields__})
