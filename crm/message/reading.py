"""Who may read which mail: who works on a request reads all of its mails, who takes part those that he stands in.

So a client never reads what was passed on to a colleague or a supplier, nor a draft, nor who got a hidden copy.
"""

from __future__ import annotations

from collections.abc import Sequence

from crm.actor import Actor
from crm.errors import NotThere
from crm.mail import display, parts
from crm.mail.display import Page
from crm.mail.reading import read_mail
from crm.message.model import Addressed, Attached, FileContent, Message
from crm.request.reading import current_id, subject_of
from crm.request.shown import takes_part_only
from crm.rights import authorise, may
from crm.settings import CrmSettings
from storage.crm import mail_raws, message_lists
from storage.crm.message_lists import MessageRow
from storage.unit_of_work import SqlUnitOfWork

NOTHING_THERE = "There is no such mail."
_SAME = tuple(name for name in Message.__dataclass_fields__ if name not in ("addresses", "files"))


def messages(
    unit: SqlUnitOfWork, actor: Actor, request_id: int, *, before: int | None = None, limit: int = 50
) -> list[Message]:
    """Of a request, the newest first; `before`: the id of the last one of the page before. Raises `NotThere`."""
    subject = subject_of(unit, request_id)
    authorise(actor, "request.read", subject)
    inside = may(actor, "request.internal", subject)
    rows = message_lists.of_request(
        unit.session.connection,
        current_id(unit, request_id) or request_id,
        seen_by=None if inside else actor.address,
        before=before,
        limit=limit,
    )
    return _whole(unit, rows, inside=inside, bounces=not takes_part_only(actor))


def unplaced(unit: SqlUnitOfWork, actor: Actor, *, before: int | None = None, limit: int = 50) -> list[Message]:
    """Mails that became no request: ignored by a rule, reports of mails that are not ours. The newest first."""
    authorise(actor, "mail.unplaced")
    rows = message_lists.of_request(unit.session.connection, None, seen_by=None, before=before, limit=limit)
    return _whole(unit, rows, inside=True)


def message(unit: SqlUnitOfWork, actor: Actor, message_id: int) -> Message:
    """One. Raises `NotThere`."""
    row, inside = _seen(unit, actor, message_id)
    return _whole(unit, [row], inside=inside, bounces=not takes_part_only(actor))[0]


def page(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, message_id: int, *, images: bool, quoted: str
) -> Page:
    """As a document for a frame with a sandbox. Remote pictures only with `images`. Raises `NotThere`."""
    row, _inside = _seen(unit, actor, message_id)
    raw = _octets(unit, row)
    mail = read_mail(raw, own=settings.own_addresses, trusted=settings.trusted_authserv)
    return display.page(mail, raw=raw, images=images, quoted=quoted)


def attachment(unit: SqlUnitOfWork, actor: Actor, message_id: int, number: int) -> FileContent:
    """One. Raises `NotThere`."""
    row, _inside = _seen(unit, actor, message_id)
    for file in message_lists.files(unit.session.connection, [row.id]).get(row.id, ()):
        if file.number == number:
            attached = Attached(file.number, file.name, file.media_type, file.size, file.inline)
            return FileContent(attached, parts.content(_octets(unit, row), number))
    raise NotThere("This mail has no such attachment.")


def raw(unit: SqlUnitOfWork, actor: Actor, message_id: int) -> bytes:
    """The mail as it came, octet for octet. Raises `NotThere`, `Forbidden`."""
    row, _inside = _seen(unit, actor, message_id)
    if row.request_id is not None:
        authorise(actor, "message.raw", subject_of(unit, row.request_id))
    return _octets(unit, row)


def _seen(unit: SqlUnitOfWork, actor: Actor, message_id: int) -> tuple[MessageRow, bool]:
    """The row, and whether the actor sees what is internal."""
    row = message_lists.one(unit.session.connection, message_id)
    if row is None:
        raise NotThere(NOTHING_THERE)
    if row.request_id is None:
        if not may(actor, "mail.unplaced"):
            raise NotThere(NOTHING_THERE)
        return row, True
    subject = subject_of(unit, row.request_id)
    if not may(actor, "request.read", subject):
        raise NotThere(NOTHING_THERE)
    inside = may(actor, "request.internal", subject)
    if not inside and not message_lists.is_seen_by(unit.session.connection, row.id, actor.address):
        raise NotThere(NOTHING_THERE)
    return row, inside


def _octets(unit: SqlUnitOfWork, row: MessageRow) -> bytes:
    found = mail_raws.raw_of(unit.session.connection, row.raw_digest) if row.raw_digest else None
    if found is None:
        raise NotThere("The octets of this mail are not kept.")
    return found


def _whole(unit: SqlUnitOfWork, rows: Sequence[MessageRow], *, inside: bool, bounces: bool = True) -> list[Message]:
    """`bounces`: whether he hears that a mail of ours came back, perhaps from somebody else."""
    ids = [row.id for row in rows]
    addresses = message_lists.addresses(unit.session.connection, ids)
    files = message_lists.files(unit.session.connection, ids)
    return [
        Message(
            **{name: getattr(row, name) for name in _SAME if name != "state"},
            state="sent" if row.state == "bounced" and not bounces else row.state,
            addresses=tuple(
                Addressed(one.role, one.address, one.name)
                for one in addresses.get(row.id, ())
                if inside or one.role != "bcc"
            ),
            files=tuple(Attached(f.number, f.name, f.media_type, f.size, f.inline) for f in files.get(row.id, ())),
        )
        for row in rows
    ]
