"""One mail, handed over: it is known at every step whether it can have gone out.

Until the last line of its text is sent, it cannot: a server that loses us before drops what it has (RFC 5321 4.1.1.4).
Once that line is on its way, only the server's answer tells.
"""

from __future__ import annotations

import smtplib
import socket

from connectors.mail import Receipt, Sent
from connectors.smtp.envelope import Envelope, wire
from connectors.smtp.failures import refusal, reply, talking
from sync_engine.errors import OutcomeUnknown, Rejected

FINAL_WAIT = 600.0  # seconds: servers look for viruses before they answer (RFC 5321 4.5.3.2.6)
_PIECE = 1 << 16  # octets; each has the timeout for itself


def hand_over(client: smtplib.SMTP, host: str, mail: Envelope, final_wait: float = FINAL_WAIT) -> Receipt:
    """Raises as `connectors.mail.MailSender.send`."""
    with talking(host):
        _mail(client, host, mail)
        refused = _recipients(client, host, mail)
        _expect(client.docmd("DATA"), {354}, host)
    _text(client, host, mail.stuffed())
    _end(client, host, final_wait)
    found = (*mail.refused, *refused)
    return Receipt(Sent.PARTLY if found else Sent.ACCEPTED, found)


def _mail(client: smtplib.SMTP, host: str, mail: Envelope) -> None:
    options = mail.options(client.esmtp_features, host)
    command = " ".join([f"FROM:<{wire(mail.sender) if mail.sender else ''}>", *options])
    _expect(client.docmd("MAIL", command), {250}, host)


def _recipients(client: smtplib.SMTP, host: str, mail: Envelope) -> list[tuple[str, str]]:
    """Those who are refused, with the server's words, which begin with its code. Raises when nobody is left."""
    refused: list[tuple[str, int, bytes]] = []
    for one in mail.recipients:
        code, said = client.docmd("RCPT", f"TO:<{wire(one)}>")
        if code == 421:
            raise refusal(code, said, host)
        if code not in {250, 251, 252}:
            refused.append((one, code, said))
    if len(refused) == len(mail.recipients):
        _one, code, said = min(refused, key=lambda entry: entry[1])  # what is refused for now comes first
        raise refusal(code, said, host) if code < 500 else _nobody(host, reply(code, said))
    return [(one, reply(code, said)) for one, code, said in refused]


def _nobody(host: str, said: str) -> Rejected:
    return Rejected(f"{host} refuses all recipients of this mail.", server_said=said)


def _text(client: smtplib.SMTP, host: str, text: bytes) -> None:
    """All but the end. A server that has enough may say why, and hang up."""
    try:
        with talking(host):
            for start in range(0, len(text), _PIECE):
                _line(client).sendall(text[start : start + _PIECE])
    except Exception as err:
        code, said = _last_words(client)
        if code >= 400:
            raise refusal(code, said, host) from err
        raise


def _last_words(client: smtplib.SMTP) -> tuple[int, bytes]:
    try:
        return client.getreply()
    except OSError:
        return 0, b""


def _end(client: smtplib.SMTP, host: str, final_wait: float) -> None:
    """From here on a line that breaks leaves the outcome unknown."""
    line = _line(client)
    usual = line.gettimeout()
    line.settimeout(max(final_wait, usual or 0.0))
    try:
        line.sendall(b".\r\n")
        code, said = client.getreply()
    except (OSError, ValueError) as err:
        raise OutcomeUnknown(_UNKNOWN.format(host=host)) from err
    line.settimeout(usual)
    if not 200 <= code < 600:
        raise OutcomeUnknown(_UNKNOWN.format(host=host), server_said=reply(code, said))
    if code >= 300:
        raise refusal(code, said, host)


def _line(client: smtplib.SMTP) -> socket.socket:
    """Not through the library, which closes it when a write fails: the server may still have said why."""
    assert client.sock is not None, "asked something a moment ago"
    return client.sock


_UNKNOWN = "The connection to {host} broke before it said whether it took the mail: it may have gone out."


def _expect(answer: tuple[int, bytes], good: set[int], host: str) -> None:
    if answer[0] not in good:
        raise refusal(*answer, host)
