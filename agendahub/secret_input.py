"""Takes a secret from a person or a pipe; never from the command line, where others could see it."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from agendahub.failure import Failure
from agendahub.texts import _


def read_document(what: str) -> str:
    """As `read_secret`, but a whole text: on a terminal the name of a file may be given instead."""
    if not sys.stdin.isatty():
        value = sys.stdin.read().strip()
    else:
        value = getpass.getpass(what + ": ").strip()
        file = Path(value).expanduser() if value and len(value) < 1000 else None
        if file and file.is_file():
            value = file.read_text("utf-8").strip()
    if not value:
        raise Failure(_("Nothing was given; nothing was changed."))
    return value


def read_secret(what: str) -> str:
    """Asked for without echo on a terminal, else the first line of standard input. Raises Failure when empty."""
    value = getpass.getpass(what + ": ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not value:
        raise Failure(_("No password was given; nothing was changed."))
    return value
