"""From what SMTP servers answer (RFC 5321 4.2, RFC 3463) and what breaks on the way to our errors."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.mail_line import broken, words
from sync_engine.errors import NotAuthorised, Rejected, SyncError, Throttled, Unavailable

_LATER = 300.0  # seconds: grey lists want some minutes
_BUSY = re.compile(r"too many|rate|limit|throttl|grey ?list|gray ?list|\b4\.7\.\d", re.IGNORECASE)
_SIGN_IN = {530, 534, 535, 538}


@contextmanager
def talking(host: str) -> Iterator[None]:
    """A talk before the mail was handed over: whatever breaks it, the mail did not go out."""
    try:
        yield
    except smtplib.SMTPResponseException as err:
        raise refusal(err.smtp_code, err.smtp_error, host) from err
    except (OSError, ValueError) as err:  # those of smtplib are OSErrors too
        raise broken(err, host) from err


def refusal(code: int, said: bytes | str, host: str) -> SyncError:
    """The error for an answer that is no yes: 4xx is for now, 5xx for ever."""
    text = reply(code, said)
    if code == 530 and "STARTTLS" in text.upper():
        sentence = f"{host} wants encryption here too: name the authority of its certificate in ca_file."
        return NotAuthorised(sentence, server_said=text)
    if code in _SIGN_IN:
        return NotAuthorised(f"{host} refuses the sign-in: check user name and password.", server_said=text)
    if 500 <= code < 600:
        return Rejected(f"{host} refuses this mail.", server_said=text)
    if code == 421 or (code != 454 and _BUSY.search(text)):  # 454: sign-in or TLS, not load
        return Throttled(f"{host} takes no mail now; it is asked again later.", retry_after=_LATER, server_said=text)
    return Unavailable(f"{host} takes no mail now; it is tried again later.", server_said=text)


def sign_in_refusal(code: int, said: bytes, host: str, username: str) -> SyncError:
    """An answer to AUTH."""
    found = refusal(code, said, host)
    if isinstance(found, Rejected | NotAuthorised):
        sentence = f"{host} refuses the sign-in of {username}: check user name and password."
        return NotAuthorised(sentence, server_said=found.server_said)
    return found


def reply(code: int, said: bytes | str) -> str:
    """A server's answer as one readable line that begins with its code."""
    return f"{code} {words(said)}".strip()
