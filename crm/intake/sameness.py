"""Whether a mail is one that we have (REQUESTS.md 1), and no other that only says so.

A Message-ID is chosen by who sends. If it alone decided, anyone who knows or guesses the Message-ID of a mail could
send another one first, and the true one would not be seen. So a copy must say the same as what we have; what has the
Message-ID of another mail and says something else is taken in beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm.intake.keys import key_of, other_key
from crm.mail.model import Mail
from crm.settings import CrmSettings
from storage.crm.mails import OUT, KnownMessage, message_with_key
from storage.limits import clean, cut
from storage.unit_of_work import SqlUnitOfWork

_DIFFERS = "Another mail has the same Message-ID, but not the same sender, date, subject or text."


@dataclass(frozen=True, slots=True)
class Sameness:
    """What was found."""

    key: str  # for the message, where there is none
    message_id: int | None = None  # of `messages`: we have it
    request_id: int | None = None
    differs: bool = False  # another mail has its Message-ID

    @property
    def warnings(self) -> tuple[str, ...]:
        """For the history of its request."""
        return (_DIFFERS,) if self.differs else ()


def look(unit: SqlUnitOfWork, settings: CrmSettings, mail: Mail, raw: bytes) -> Sameness:
    """Compare it with what we have."""
    connection, key = unit.session.connection, key_of(mail, raw)
    known = message_with_key(connection, key)
    if known is None:
        return Sameness(key)
    if _is_copy(known, mail, settings):
        return Sameness(key, known.id, known.request_id)
    other = other_key(mail, raw)
    if (copy := message_with_key(connection, other)) is not None:
        return Sameness(other, copy.id, copy.request_id)
    return Sameness(other, differs=True)


def _is_copy(known: KnownMessage, mail: Mail, settings: CrmSettings) -> bool:
    """Servers fold, trim and re-encode, so white space does not count."""
    if not mail.message_id:
        return True  # its key is made of all that it says
    if known.direction == OUT:
        return mail.sender.address in settings.own_addresses  # it came back to us: a copy to ourselves, another mailbox
    return (
        known.from_address == cut(mail.sender.address, 320)
        and known.sent_at == mail.sent_at
        and _words(known.subject) == _words(cut(mail.subject, 1000))
        and _words(known.text) == _words(clean(mail.text))
    )


def _words(text: str) -> str:
    return " ".join(text.split())
