"""How a token is handed to a mail server: the same words in IMAP and SMTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sync_engine.errors import NoAccess, NotAuthorised, SyncError, Unavailable


def _oauthbearer(user: str, token: str) -> tuple[str, str]:
    """RFC 7628 3.1; the second is what an error is answered with, so that the server says it (3.2.3)."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1auth=Bearer {token}\1\1", "\1"


def _xoauth2(user: str, token: str) -> tuple[str, str]:
    """Google's and Microsoft's older way."""
    return f"user={user}\1auth=Bearer {token}\1\1", ""


TOKEN_WAYS: Mapping[str, Callable[[str, str], tuple[str, str]]] = MappingProxyType(
    {"OAUTHBEARER": _oauthbearer, "XOAUTH2": _xoauth2}
)
"""Name of the mechanism -> what is said of a user and a token, and then to the server's error."""


def in_turn(answers: tuple[str, str]) -> Callable[[object], bytes]:
    """For a library that asks for each answer to a challenge."""
    left = list(answers)
    return lambda _challenge: (left.pop(0) if left else "").encode()


def run_out(err: NotAuthorised, *, auth: str, worked: bool) -> SyncError:
    """A token that `worked` on this line before is too old: that needs no person, but a line with another token.

    Whoever holds the line makes a new one after an error, with the secret as it is then.
    """
    if auth != "bearer" or not worked or isinstance(err, NoAccess):
        return err
    return Unavailable("The token has run out; the next try takes the one of that time.", server_said=err.server_said)
