"""Works an outbox off through a real SMTP server, and is killed (SIGKILL) at the n-th call of a function of ours.

Each line on its input is a number n (0: none); a process of its own then looks once, and a line says how it ended.
Run as a program: DATABASE SMTP-URL USER PASSWORD.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from connectors.mail import Receipt
from connectors.settings import ConnectorSettings
from connectors.smtp.sender import SmtpSender
from crm.answer.sending import Sending
from crm.settings import CrmSettings
from storage.database import Database

ROOMS = tuple(str(Path(__file__).parents[3] / room) + os.sep for room in ("crm", "storage", "connectors"))


def main() -> None:
    """Forks for each line, so that only the first one pays for the imports."""
    database, url, user, password = sys.argv[1:5]
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _look(database, ConnectorSettings(url=url, username=user, secret=password), int(line))
        _pid, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)


def _look(url: str, account: ConnectorSettings, last_call: int) -> None:
    sender = SmtpSender(account)
    calls = 0

    def count(frame: FrameType, event: str, _what: Any) -> None:
        nonlocal calls
        if event in ("call", "return") and frame.f_code.co_filename.startswith(ROOMS):
            calls += 1
            if calls == last_call:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    try:
        Sending(Database(url), CrmSettings(), "help").look(_Polite(sender))
    finally:
        sys.setprofile(None)
    sys.stderr.write(f"{calls} calls\n")
    os._exit(0)


class _Polite:
    """The connection is closed after each mail: the server must not wonder about one that was killed."""

    def __init__(self, sender: SmtpSender) -> None:
        self._sender = sender

    def send(self, raw: bytes, sender: str, recipients: Any) -> Receipt:
        try:
            return self._sender.send(raw, sender, recipients)
        finally:
            self._sender.close()

    def find_sent(self, message_id: str) -> bool | None:
        return self._sender.find_sent(message_id)

    def close(self) -> None:
        self._sender.close()


if __name__ == "__main__":
    main()
