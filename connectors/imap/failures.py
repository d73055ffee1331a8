"""From what IMAPClient raises and servers answer (RFC 5530) to our errors."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
    ProtocolError,
)

from connectors.mail_line import broken, words
from sync_engine.errors import NoAccess, NotAuthorised, Rejected, SyncError, Throttled, Unavailable

_LATER = 60.0  # seconds until a server that is busy is asked again
_BUSY = re.compile(r"\[(LIMIT|INUSE)\]|too many|rate limit|exceeded|throttl", re.IGNORECASE)
_DOWN = re.compile(r"\[(UNAVAILABLE|SERVERBUG|CONTACTADMIN)\]|temporar|try again|internal error", re.IGNORECASE)
_TOO_LONG = "got more than"  # the library's words for a line that does not end
_CLOSED = re.compile(r"\[NOPERM\]", re.IGNORECASE)


class HungUp(Unavailable):
    """The server ended the connection in the middle of a talk."""


@contextmanager
def talking(host: str) -> Iterator[None]:
    """A talk with the server: whatever breaks it becomes `Unavailable`, a refusal the error that it asks for."""
    try:
        yield
    except IMAPClientReadOnlyError as err:
        raise NoAccess(f"{host} lets this account only read this folder.", server_said=words(err)) from err
    except (IMAPClientAbortError, ProtocolError, EOFError) as err:
        raise _hung_up(err, host) from err
    except IMAPClientError as err:
        if _TOO_LONG in str(err):
            raise _unreadable(host) from err
        raise refusal(words(err), host) from err
    except (OSError, ssl.SSLError) as err:
        raise broken(err, host) from err
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, UnicodeError, AssertionError) as err:
        # The library reads answers with few checks: what is no IMAP ends in any of these.
        raise _unreadable(host) from err


def _unreadable(host: str) -> Unavailable:
    return Unavailable(f"{host} answered with something that cannot be read; it is tried again later.")


def _hung_up(err: Exception, host: str) -> SyncError:
    said = words(err)
    said = "" if said.startswith(("socket error", "command:")) else said
    if _BUSY.search(said):
        return Throttled(f"{host} is asked too often; it is asked again later.", retry_after=_LATER, server_said=said)
    return HungUp(f"The connection to {host} broke; it is tried again later.", server_said=said)


def refusal(said: str, host: str) -> SyncError:
    """A NO or BAD to a command."""
    if _BUSY.search(said):
        return Throttled(f"{host} is asked too often; it is asked again later.", retry_after=_LATER, server_said=said)
    if _DOWN.search(said):
        return Unavailable(f"{host} cannot do this now; it is tried again later.", server_said=said)
    if _CLOSED.search(said):
        return NoAccess(f"{host} does not allow this account to do this.", server_said=said)
    return Rejected(f"{host} refuses a command.", server_said=said)


def login_failure(err: LoginError, host: str, username: str) -> SyncError:
    """The server did not let us in; some say so of what is only for now."""
    said = words(err)
    found = refusal(said, host)
    if isinstance(found, Throttled | Unavailable):
        return found
    return NotAuthorised(f"{host} refuses the sign-in of {username}: check user name and password.", server_said=said)
