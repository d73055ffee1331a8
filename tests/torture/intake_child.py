"""A process that reads a mailbox once for each line on its standard input, in a child that dies where the line says.

Started once: each child is forked from it, so that a kill costs no new start of Python. A line is JSON:
{"url": store, "root": folder of the mailbox, "mailbox": name, "die": [what, number, step] or null}; the answer is how
the child ended: 0, or -9 when it was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import event

from connectors.mail import After
from crm.intake.reader import Reader, Reading
from storage.database import Database
from tests.intake_here import settings
from tests.servers.mail_folder import MailFolders


def main() -> None:
    """Until the input ends."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _end_with(_run, json.loads(line))
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _end_with(run: Any, order: dict[str, Any]) -> None:
    try:
        run(order)
    except BaseException:
        traceback.print_exc()
        os._exit(3)
    os._exit(0)


def _run(order: dict[str, Any]) -> None:
    database = Database(order["url"])
    box = MailFolders(Path(order["root"]), page=5, arrived_at=None)
    if order["die"] is not None:
        Death(*order["die"]).threaten(database, box)
    after = After(keyword="AgendaHub")
    Reader(database, settings(), box, Reading(order["mailbox"], ("INBOX",), after)).look()
    database.dispose()


class Death:
    """SIGKILL at the n-th step of the source, statement or commit, or after so many milliseconds."""

    def __init__(self, what: str, number: int, step: str) -> None:
        self._what, self._number, self._step = what, number, step
        self._seen: Counter[str] = Counter()

    def threaten(self, database: Database, box: MailFolders) -> None:
        """From now on."""
        if self._what == "step":
            box.at = lambda point: self._count("step") if point.startswith(self._step) else None
        elif self._what == "statement":
            event.listen(database.engine, "before_cursor_execute", lambda *_call: self._count("statement"))
        elif self._what == "commit":
            event.listen(database.engine, "commit", lambda *_call: self._count("commit"))
        else:
            threading.Timer(self._number / 1000, kill).start()

    def _count(self, what: str) -> None:
        self._seen[what] += 1
        if self._seen[what] == self._number:
            kill()


def kill() -> None:
    """As the kernel does when memory is short, or a person."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
