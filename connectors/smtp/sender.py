"""A way out for mails through an SMTP server, as a `connectors.mail.MailSender`."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.mail import Receipt
from connectors.settings import ConnectorSettings
from connectors.smtp.envelope import Envelope
from connectors.smtp.handing_over import FINAL_WAIT, hand_over
from connectors.smtp.line import SmtpLine
from sync_engine.errors import AccountError


class SmtpSender:
    """Of one thread, with one connection that is kept between mails."""

    final_wait = FINAL_WAIT

    def __init__(self, settings: ConnectorSettings) -> None:
        self.line = SmtpLine(settings)

    def send(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Receipt:
        """As `MailSender`. A recipient whom the server refuses is told with its words: 4xx is for now, 5xx for ever."""
        mail = Envelope.of(raw, sender, recipients)
        try:
            return hand_over(self.line.client(), self.line.host, mail, self.final_wait)
        except AccountError:
            self.line.drop()
            raise

    def find_sent(self, message_id: str) -> bool | None:
        """As `MailSender`: SMTP cannot tell."""
        del message_id
        return None

    def close(self) -> None:
        """As `MailSender`."""
        self.line.close()
