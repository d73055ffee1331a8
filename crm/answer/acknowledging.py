"""The automatic "we got your mail": at most one for a request and three a day to a sender (REQUESTS.md 7, 8)."""

from __future__ import annotations

from datetime import timedelta

from crm.actor import OUTBOX
from crm.answer import canned
from crm.answer.headers import address
from crm.answer.model import Outgoing
from crm.answer.outbox import put
from crm.answer.subjects import answer_to
from crm.errors import Invalid
from crm.mail.model import Mail, Party
from crm.request.history import note
from crm.request.reading import request
from crm.settings import CrmSettings, Mailbox
from storage.crm import bounced
from storage.crm import outbox as rows
from storage.unit_of_work import SqlUnitOfWork

MOST_A_DAY = 3  # automatic mails to one address
REPLY = "acknowledgement"  # the canned reply that is sent, where an admin wrote one of this name
_LONGEST_SUBJECT = 100  # characters of a stranger's words that are passed on: From may be somebody else's address
_TEXT = """Hello,

we have received your message and look after it under the number {{number}}.
If you have something to add, please answer this mail, so that it is put together with your request.
"""


def acknowledge(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    mailbox: str,
    request_id: int,
    message_id: int,
    mail: Mail,
    *,
    backlog: bool,
) -> int | None:
    """Put the acknowledgement of the mail that opened a request into the outbox; None where none is to be sent.

    None for automatic mail, reports, backlog, our own addresses, addresses that bounced, senders that are not exactly
    one address, or forged (DMARC), a mailbox that does not acknowledge, and over the limits.
    """
    box = settings.mailboxes.get(mailbox)
    if box is None or not box.acknowledge or backlog or not _from_a_person(settings, mail):
        return None
    to = mail.sender.address
    if not _within_limits(unit, request_id, to) or request(unit, OUTBOX, request_id).spam:
        return None
    number = put(unit, settings, _acknowledgement(unit, settings, box, request_id, message_id, mail))
    note(unit, request_id, OUTBOX, "acknowledged", after=to)
    return number


def _from_a_person(settings: CrmSettings, mail: Mail) -> bool:
    """Of whom we know the one address that he gives, which is not one of ours, and that nobody says is forged."""
    if mail.automatic or mail.report or not mail.verified or mail.forged or mail.return_path == "":
        return False
    try:
        return address(mail.sender) == mail.sender.address and mail.sender.address not in settings.own_addresses
    except Invalid:
        return False


def _within_limits(unit: SqlUnitOfWork, request_id: int, to: str) -> bool:
    """Counting and writing cannot be passed by another mail: who opens a request numbers it, one at a time."""
    connection, now = unit.session.connection, unit.session.now()
    if rows.automatic_of(connection, request_id) or bounced.dead(connection, [to]):
        return False
    return rows.automatic_to(connection, to, now - timedelta(days=1)) < MOST_A_DAY


def _acknowledgement(
    unit: SqlUnitOfWork, settings: CrmSettings, box: Mailbox, request_id: int, message_id: int, mail: Mail
) -> Outgoing:
    filled = canned.fill_named(unit, settings, REPLY, request_id) or canned.fill_text(
        unit, settings, OUTBOX, _TEXT, request_id
    )
    return Outgoing(
        request_id=request_id,
        mailbox=box.name,
        to=(Party(mail.sender.address),),  # without the name: it may say anything, and we would pass it on
        subject=answer_to(filled.subject or mail.subject)[:_LONGEST_SUBJECT],
        text=canned.signed(filled.text, box),
        answers=message_id,
        automatic="reply",
    )
