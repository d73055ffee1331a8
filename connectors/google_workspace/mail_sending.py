"""Sending mails through Gmail; a copy lies in Sent. The sender of the envelope is always the mailbox."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence

from connectors.google_workspace.failures import failure
from connectors.google_workspace.mail_labels import ME
from connectors.google_workspace.transport import Transport
from connectors.mail import Receipt, Sent
from connectors.outgoing_mail import addressed
from connectors.settings import ConnectorSettings
from sync_engine.errors import Rejected, SyncError, VersionConflict

_IN_JSON = 3 * 1024 * 1024  # octets; what is larger is uploaded as it is
_LARGEST = 36_700_160  # octets that Gmail takes (discovery document: users.messages.send)
_UPLOAD = f"/upload/gmail/v1/users/{ME}/messages/send?uploadType=media"
_PLAIN_ID = re.compile(r"[!#-~]{3,900}")  # no white space, no quotation mark: it goes into a search


class GmailSender:
    """As `connectors.mail.MailSender`."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self.transport = Transport(settings, use="mail")
        self._messages = self.transport.gmail.users().messages()

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Receipt:  # noqa: ARG002 - see above
        """Raises as `MailSender`; Google tells of refused recipients by a mail of its own."""
        mail = addressed(raw, recipients)
        if len(mail) > _LARGEST:
            raise Rejected(f"This mail is larger than the {_LARGEST // 1_000_000} MB that Gmail takes.")
        if len(mail) > _IN_JSON:
            url, body, kind = self.transport.upload_address(_UPLOAD), mail, "message/rfc822"
        else:
            text = base64.urlsafe_b64encode(mail).decode("ascii")
            url = self._messages.send(userId=ME, body={}).uri
            body, kind = json.dumps({"raw": text}).encode(), "application/json"
        answer = self.transport.send(
            "POST", url, body, {"content-type": kind, "accept": "application/json"}, writing=True
        )
        if not answer.ok or not answer.document.get("id"):
            raise _refused(failure(answer, "sending a mail", writing=True))
        return Receipt(Sent.ACCEPTED, remote_id=str(answer.document["id"]))

    def find_sent(self, message_id: str) -> bool | None:
        """By its copy in Sent, also when that was put into the trash. Raises the errors of a read."""
        wanted = message_id.strip().strip("<>")
        if not _PLAIN_ID.fullmatch(wanted):
            return None
        asked = self._messages.list(
            userId=ME, q=f"rfc822msgid:{wanted}", labelIds=["SENT"], includeSpamTrash=True, maxResults=1
        )
        return bool(self.transport.ask(asked).get("messages"))

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()


def _refused(found: SyncError) -> SyncError:
    """Nothing is changed here: what would be a conflict is a refusal."""
    if isinstance(found, VersionConflict):
        return Rejected("Gmail refuses this mail.", server_said=found.server_said)
    return found
