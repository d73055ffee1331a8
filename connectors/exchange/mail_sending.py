"""Sending mails through a mailbox of Exchange, as MIME; a copy lies in Sent Items.

The sender of the envelope is always the mailbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchangelib import errors as ews

from connectors.exchange.connection import HttpRefused
from connectors.exchange.failures import item_failure, said
from connectors.exchange.folders import well_known
from connectors.exchange.mail_services import FindSent, SendMime
from connectors.exchange.restrictions import AnyOf, message_is
from connectors.exchange.transport import Transport
from connectors.mail import Receipt, Sent
from connectors.outgoing_mail import addressed, bracketed
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess, OutcomeUnknown, Rejected, SyncError, Throttled, Unavailable, VersionConflict

_SENT = "sentitems"
_ALSO = ("inbox", "deleteditems")  # it came to the mailbox itself, or somebody deleted the copy
_WAITING = ("outbox", "drafts")
_LONGEST = 255  # characters of a text that Exchange compares
_QUOTA_WAIT = 3600.0


class ExchangeSender:
    """As `connectors.mail.MailSender`."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self.transport = Transport(settings)

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Receipt:  # noqa: ARG002 - see above
        """Raises as `MailSender`; Exchange tells of refused recipients by a mail of its own."""
        mail = addressed(raw, recipients)
        service, copy = SendMime(account=self.transport.account()), well_known(self.transport, _SENT)
        try:
            answer = self.transport.write(lambda: service.send(mail, copy))
        except Unavailable as err:
            if isinstance(err.__cause__, HttpRefused) and err.__cause__.status == 413:
                raise Rejected("This mail is larger than the Exchange server takes.") from err
            raise
        if isinstance(answer, Exception):
            raise _refusal(answer) from answer
        return Receipt(Sent.ACCEPTED)

    def find_sent(self, message_id: str) -> bool | None:
        """By its copy, which comes a while after the mail was taken: ask some minutes later.

        None where it lies in Drafts or waits, or its Message-ID is longer than Exchange compares. Raises AccountErrors.
        """
        wanted = bracketed(message_id)
        if len(wanted) > _LONGEST:
            return None
        if any(self._is_in(name, wanted) for name in (_SENT, *_ALSO)):
            return True
        return None if any(self._is_in(name, wanted) for name in _WAITING) else False

    def _is_in(self, name: str, message_id: str) -> bool:
        service, folder = FindSent(account=self.transport.account()), well_known(self.transport, name)
        found = self.transport.read(lambda: service.matching(folder, AnyOf([message_is(message_id)])))
        for one in found:
            if isinstance(one, Exception):
                raise Unavailable(
                    "Exchange cannot say what was sent; it is asked again.", server_said=said(one)
                ) from one
        return message_id in found

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()


def _refusal(answer: Any) -> SyncError:
    """What Exchange says of the one mail of a request."""
    if isinstance(answer, ews.ErrorSubmissionQuotaExceeded):
        message = "Exchange takes no more mails of this mailbox for now; they are sent later."
        return Throttled(message, retry_after=_QUOTA_WAIT, server_said=said(answer))
    if isinstance(answer, ews.ErrorSendAsDenied | ews.ErrorAccessDenied):
        message = "This sign-in may not send in the mailbox's name; give it the right to send as it."
        return NoAccess(message, server_said=said(answer))
    if isinstance(answer, ews.ErrorInternalServerError):
        return OutcomeUnknown(
            "Exchange failed while it took a mail; it is checked by a read.", server_said=said(answer)
        )
    failure = item_failure(answer)
    if isinstance(failure, VersionConflict):  # nothing is changed here: it is a refusal
        return Rejected("Exchange refuses this mail.", server_said=said(answer))
    return failure
