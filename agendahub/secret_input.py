"""Takes a secret from a person or a pipe; never from the command line, where others could see it."""

from __future__ import annotations

import getpass
import sys

from agendahub.failure import Failure
from agendahub.texts import _


def read_secret(what: str) -> str:
    """Asked for without echo on a terminal, else the first line of standard input. Raises Failure when empty."""
    value = getpass.getpass(what + ": ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not value:
        raise Failure(_("No password was given; nothing was changed."))
    return value
