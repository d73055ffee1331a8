"""Several users who ask at the same time, each in a thread: run with ``own`` lines or with a ``shared`` one.

Prints whatever was not one's own answer. In a process of its own: a shared line may hang or crash it.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from google_auth_httplib2 import AuthorizedHttp

from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from tests.servers.google_workspace.raw_answers import Reply, Seen, raw_answers, told

USERS, ROUNDS = 4, 25


class OneForAll(Transport):
    """What must not be: all threads of all accounts ask by one line, each with its own token."""

    line: AuthorizedHttp

    def _authorized(self) -> AuthorizedHttp:
        mine = super()._authorized()
        return AuthorizedHttp(mine.credentials, OneForAll.line.http, max_refresh_attempts=1)


class Meeting:
    """Answers with the token and the id that were asked with, once two are asking."""

    def __init__(self) -> None:
        self._two = threading.Barrier(2)

    def answer(self, seen: Seen) -> Reply:
        """After a moment at most: a line that two threads use brings one of them only."""
        try:
            self._two.wait(0.02)
        except threading.BrokenBarrierError:
            self._two.reset()
        return told({"id": seen.path.rpartition("/")[2].partition("?")[0], "kind": seen.token})


def asks(transport: Transport, n: int) -> list[str]:
    """What went wrong for user n."""
    calendars, wrong = transport.calendar.calendars(), []
    for turn in range(ROUNDS):
        name = f"of-{n}-{turn}"
        try:
            answer = transport.ask(calendars.get(calendarId=name))
        except Exception as err:
            wrong.append(f"{name}: {type(err).__name__}")
        else:
            wrong += [f"{name}: {answer}"] if answer != {"id": name, "kind": f"token-{n}"} else []
    return wrong


def main(sort: type[Transport]) -> list[str]:
    """All that went wrong for all users."""
    with raw_answers(Meeting().answer) as server:
        settings = [
            ConnectorSettings(url=server.url, secret=f"token-{n}", auth="bearer", timeout=0.3) for n in range(USERS)
        ]
        OneForAll.line = Transport(settings[0])._authorized()
        transports = [sort(one) for one in settings]
        transports[0].calendar.calendars()  # made before, so that all ask together
        with ThreadPoolExecutor(USERS) as pool:
            found = [one for wrong in pool.map(asks, transports, range(USERS)) for one in wrong]
        for one in transports:
            one.close()
        return found


if __name__ == "__main__":
    print("\n".join(main(OneForAll if sys.argv[1] == "shared" else Transport)))
