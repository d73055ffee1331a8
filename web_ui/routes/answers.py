"""What is written to customers: suggestions, drafts, sending, the outbox."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Base64Bytes, BaseModel, BeforeValidator, Field

from crm.answer import drafts, outbox, suggesting
from crm.answer.model import Draft, File, Outgoing, Waiting
from crm.mail.model import Party
from crm.rights import authorise
from storage.unit_of_work import SqlUnitOfWork
from web_ui.call import Caller
from web_ui.shapes import Address, Asked, Body, Done, Id, Key, Limit

router = APIRouter(tags=["answers"])

States = Annotated[tuple[str, ...], Field(max_length=10, description="waiting, sending, doubt, failed, sent.")]


class PartyShape(Body):
    """Somebody that a mail goes to."""

    address: Annotated[Address, Field(min_length=3)]
    name: Annotated[str, Field(max_length=200)] = ""

    def party(self) -> Party:
        """As services take it."""
        return Party(self.address.strip().lower(), self.name)


Parties = Annotated[tuple[PartyShape, ...], Field(max_length=500)]


_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*")


def _no_other_letters(sent: object) -> object:
    """Decoding leaves out what is no Base64: an attachment that was sent wrongly would go out empty."""
    if isinstance(sent, str) and _BASE64.fullmatch(sent) is None:
        raise ValueError("this is not Base64 (RFC 4648); send the octets of the file in it")
    return sent


class FileShape(Body):
    """An attachment."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    media_type: Annotated[str, Field(max_length=100)] = "application/octet-stream"
    content: Annotated[Base64Bytes, BeforeValidator(_no_other_letters), Field(description="Base64.")]


class MailShape(Body):
    """A mail as it is written. The token of the request comes into its subject by itself."""

    mailbox: Annotated[str, Field(max_length=100, description="It goes out from there.")]
    to: Parties = ()
    cc: Parties = ()
    bcc: Parties = ()
    subject: Annotated[str, Field(max_length=900, description="Empty: the request's, when it is sent.")] = ""
    text: Annotated[str, Field(max_length=1_000_000)] = ""
    html: Annotated[str, Field(max_length=2_000_000, description="Beside the text; it is cleaned.")] = ""
    files: Annotated[tuple[FileShape, ...], Field(max_length=50)] = ()
    answers: Annotated[Key | None, Field(description="The message that it answers.")] = None

    def outgoing(self, request_id: int) -> Outgoing:
        """As services take it."""
        plain = self.model_dump(include={"mailbox", "subject", "text", "html", "answers"})
        to, cc, bcc = (tuple(one.party() for one in people) for people in (self.to, self.cc, self.bcc))
        files = tuple(File(file.name, file.media_type, file.content) for file in self.files)
        return Outgoing(request_id=request_id, **plain, to=to, cc=cc, bcc=bcc, files=files)


class DraftShape(BaseModel):
    """What somebody has begun to write, or what is suggested."""

    id: int = Field(description="0: it is not kept yet.")
    request_id: int
    mail: MailShape
    saved_at: datetime | None
    author: str
    warnings: list[str] = Field(description="An address that took no mail lately, for example.")


class Sent(BaseModel):
    """It waits in the outbox."""

    message_id: int


class Answering(Asked):
    """What is answered."""

    message_id: Annotated[Key | None, Field(description="null: the newest mail of a person.")] = None
    everybody: Annotated[bool, Field(description="To all who got it, too.")] = False


class Fields(Body):
    """What is missing."""

    fields: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(min_length=1, max_length=20)]


class Forward(Body):
    """A mail to somebody else."""

    to: Parties = ()
    whole: Annotated[bool, Field(description="With the mail as it came as a file.")] = True


class Which(Asked):
    """Which mails of the outbox."""

    state: States = ()
    before: Annotated[Key | None, Field(description="The id of the last one you have.")] = None
    limit: Limit = 100


class MailboxShape(BaseModel):
    """Where mails come in and answers go out."""

    name: str = Field(description="For `mailbox`.")
    address: str
    display_name: str
    signature: str


class Decision(Body):
    """What became of it."""

    was_sent: Annotated[bool, Field(description="false: it is sent (again).")]


@router.get("/mailboxes")
def mailboxes(call: Caller) -> list[MailboxShape]:
    """Those of the configuration."""
    authorise(call.actor, "catalogue.read")
    names = MailboxShape.model_fields
    return [MailboxShape(**{name: getattr(box, name) for name in names}) for box in call.settings.mailboxes.values()]


@router.get("/requests/{request_id}/answer")
def suggest(call: Caller, request_id: Id, about: Annotated[Answering, Query()]) -> DraftShape:
    """To whom, with which subject, what is quoted: a draft that is not kept yet."""
    with call.read() as unit:
        found = suggesting.answer(
            unit, call.settings, call.actor, request_id, about.message_id, everybody=about.everybody
        )
    return _shape(found)


@router.post("/requests/{request_id}/ask-for-missing")
def ask_for_missing(call: Caller, request_id: Id, sent: Fields) -> DraftShape:
    """A draft with a short subject, what is missing, and several ways to reach us; nothing is kept or sent."""
    with call.read() as unit:
        return _shape(suggesting.ask_for_missing(unit, call.settings, call.actor, request_id, sent.fields))


@router.post("/messages/{message_id}/forward")
def forward(call: Caller, message_id: Id, sent: Forward) -> DraftShape:
    """A draft that passes it on; nothing is kept or sent."""
    to = [shape.party() for shape in sent.to]
    with call.read() as unit:
        return _shape(suggesting.forward(unit, call.settings, call.actor, message_id, to, whole=sent.whole))


@router.get("/requests/{request_id}/drafts")
def list_drafts(call: Caller, request_id: Id) -> list[DraftShape]:
    """Everybody's: whoever may answer may go on with a colleague's."""
    with call.read() as unit:
        return [_shape(draft) for draft in drafts.drafts(unit, call.settings, call.actor, request_id)]


@router.post("/requests/{request_id}/drafts", status_code=201)
def add_draft(call: Caller, request_id: Id, sent: MailShape) -> DraftShape:
    """Keep what you have begun to write."""
    mail = sent.outgoing(request_id)
    return call.once(DraftShape, lambda unit: _shape(drafts.save(unit, call.settings, call.actor, mail)))


@router.get("/drafts/{draft_id}")
def one_draft(call: Caller, draft_id: Id) -> DraftShape:
    """One."""
    with call.read() as unit:
        return _shape(drafts.draft(unit, call.settings, call.actor, draft_id))


@router.put("/requests/{request_id}/drafts/{draft_id}")
def change_draft(call: Caller, request_id: Id, draft_id: Id, sent: MailShape) -> DraftShape:
    """What it says now."""
    mail = sent.outgoing(request_id)
    return call.write(lambda unit: _shape(drafts.save(unit, call.settings, call.actor, mail, draft_id)))


@router.delete("/drafts/{draft_id}")
def discard(call: Caller, draft_id: Id) -> Done:
    """Throw it away."""
    call.write(lambda unit: drafts.discard(unit, call.actor, draft_id))
    return Done()


@router.post("/requests/{request_id}/answers", status_code=202)
def send(call: Caller, request_id: Id, sent: MailShape) -> Sent:
    """Into the outbox. Send an Idempotency-Key: two clicks are one mail."""
    mail = sent.outgoing(request_id)
    return call.once(Sent, lambda unit: Sent(message_id=drafts.send(unit, call.settings, call.actor, mail)))


@router.post("/drafts/{draft_id}/send", status_code=202)
def send_draft(call: Caller, draft_id: Id) -> Sent:
    """Into the outbox, as it was saved; it is a draft no more."""

    def work(unit: SqlUnitOfWork) -> Sent:
        kept = drafts.draft(unit, call.settings, call.actor, draft_id)
        return Sent(message_id=drafts.send(unit, call.settings, call.actor, kept.mail, draft_id))

    return call.once(Sent, work)


@router.get("/outbox")
def waiting(call: Caller, which: Annotated[Which, Query()]) -> list[Waiting]:
    """What waits, is in doubt or failed, the newest first."""
    with call.read() as unit:
        return outbox.outbox(unit, call.actor, states=which.state, limit=which.limit, before=which.before)


@router.post("/outbox/{message_id}/decide")
def decide(call: Caller, message_id: Id, sent: Decision) -> Done:
    """Say what became of a mail in doubt, or that one that failed is to be tried again."""
    call.write(lambda unit: outbox.decide(unit, call.actor, message_id, was_sent=sent.was_sent))
    return Done()


@router.post("/outbox/{message_id}/give-up")
def give_up(call: Caller, message_id: Id) -> Done:
    """Say that a mail that failed, or one in doubt, is not sent any more: nobody is told of it again."""
    call.write(lambda unit: outbox.give_up(unit, call.actor, message_id))
    return Done()


def _shape(draft: Draft) -> DraftShape:
    mail = draft.mail
    people = {
        role: tuple(PartyShape.model_construct(address=one.address, name=one.name) for one in getattr(mail, role))
        for role in ("to", "cc", "bcc")
    }
    files = tuple(
        FileShape.model_construct(name=file.name, media_type=file.media_type, content=file.content)
        for file in mail.files
    )
    plain: dict[str, Any] = {name: getattr(mail, name) for name in ("mailbox", "subject", "text", "html", "answers")}
    return DraftShape.model_construct(
        id=draft.id,
        request_id=mail.request_id,
        mail=MailShape.model_construct(**plain | people | {"files": files}),
        saved_at=draft.saved_at,
        author=draft.author,
        warnings=list(draft.warnings),
    )
