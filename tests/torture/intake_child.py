"""A process that reads a mailbox once for each line on its standard input, in a child that dies where the line says.

Started once: each child is forked from it, so that a kill costs no new start of Python. A line is JSON:
{"url": store, "mailbox": name, "die": [what, number, step] or null} and where the mails lie (`intake_places`); the
answer is how the child ended: 0, or -9 when it was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from typing import Any

from sqlalchemy import event

from connectors.mail import After
from crm.intake.reader import Reader, Reading
from storage.database import Database
from tests.intake_here import settings
from tests.torture.intake_places import source_of


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
    database, death = Database(order["url"]), Death(*(order["die"] or ("never", 0, "")))
    death.threaten(database)
    source = source_of(order, death.step)
    after = After(keyword="AgendaHub")
    Reader(database, settings(), source, Reading(order["mailbox"], ("INBOX",), after)).look()
    source.close()
    database.dispose()


class Death:
    """SIGKILL at the n-th step of the source, statement or commit, or after so many milliseconds."""

    def __init__(self, what: str, number: int, step: str) -> None:
        self._what, self._number, self._step = what, number, step
        self._seen: Counter[str] = Counter()

    def step(self, point: str) -> None:
        """The source is there."""
        if self._what == "step" and point.startswith(self._step):
            self._count("step")

    def threaten(self, database: Database) -> None:
        """From now on."""
        if self._what == "statement":
            event.listen(database.engine, "before_cursor_execute", lambda *_call: self._count("statement"))
        elif self._what == "commit":
            event.listen(database.engine, "commit", lambda *_call: self._count("commit"))
        elif self._what == "time":
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
