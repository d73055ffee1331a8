"""Sending mails through a mailbox of Microsoft 365, as MIME; a copy lies in Sent Items.

Graph takes 4 MB in one request. What is larger is made as a draft without its large files, these are brought in pieces
(`mail_drafts`), and the draft is sent. The sender of the envelope is always the mailbox.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import quote

from connectors.mail import Receipt, Sent
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.failures import is_from_another, write_failure
from connectors.microsoft365.feed import records_of
from connectors.microsoft365.mail_drafts import IN_ONE, MIME, Drafts
from connectors.microsoft365.mail_folders import SENT
from connectors.microsoft365.transport import Transport
from connectors.outgoing_mail import addressed, bracketed
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess, Rejected, SyncError, Throttled, VersionConflict

_QUOTA = {"ErrorExceededMessageLimit", "ErrorMessageSubmissionBlocked", "ErrorQuotaExceeded"}
_QUOTA_WAIT = 3600.0
_NOT_IN_ITS_NAME = {"ErrorSendAsDenied", "ErrorSendOnBehalfOfDenied"}


class Microsoft365Sender:
    """As `connectors.mail.MailSender`."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self.transport = Transport(settings, use="mail")
        self._drafts = Drafts(self.transport, check)

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Receipt:  # noqa: ARG002 - see above
        """Raises as `MailSender`; Microsoft tells of refused recipients by a mail of its own."""
        mail = addressed(raw, recipients)
        if len(mail) > IN_ONE:
            return Receipt(Sent.ACCEPTED, remote_id=self._drafts.send(mail))
        check(self.transport.ask("post", self.transport.path("/sendMail"), base64.b64encode(mail), MIME))
        return Receipt(Sent.ACCEPTED)

    def find_sent(self, message_id: str) -> bool | None:
        """By its copy, which comes a while after the mail was taken: ask some minutes later.

        None where there is a draft of it, which somebody may send. Raises the errors of a read.
        """
        condition = quote(f"internetMessageId eq '{bracketed(message_id).replace(chr(39), chr(39) * 2)}'", safe="'")
        query = f"messages?$select=id,isDraft&$top=50&$filter={condition}"
        if self._listed(f"/mailFolders/{SENT}/{query}"):
            return True
        elsewhere = self._listed(f"/{query}")  # it was moved on, or came to the mailbox itself
        if any(one.get("isDraft") is not True for one in elsewhere):
            return True
        return None if elsewhere else False

    def _listed(self, path: str) -> list[dict[str, object]]:
        answer = self.transport.ask("get", self.transport.path(path))
        return records_of(answer, "sent mails")

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()


def check(answer: Answer) -> Answer:
    """The answer to a request that sends, or makes what is sent. Raises as `MailSender`."""
    if answer.ok and not is_from_another(answer):
        return answer
    raise _failure(answer)


def _failure(answer: Answer) -> SyncError:
    if answer.status < 500 and answer.code in _QUOTA:
        message = "Microsoft 365 takes no more mails of this mailbox for now; they are sent later."
        return Throttled(message, retry_after=_QUOTA_WAIT, server_said=answer.words)
    if answer.status < 500 and answer.code in _NOT_IN_ITS_NAME:
        message = "This sign-in may not send in the mailbox's name; give it the right to send as it."
        return NoAccess(message, server_said=answer.words)
    failure = write_failure(answer, "sending a mail")
    if isinstance(failure, VersionConflict):  # nothing is changed here: it is a refusal
        return Rejected("Microsoft 365 refuses this mail.", server_said=answer.words)
    return failure
