"""Google wants the changes to one user's contacts one after the other: others fail, or take long (P9)."""

from __future__ import annotations

from typing import Any

from googleapiclient.http import HttpRequest

from connectors.google_workspace.answers import Answer
from connectors.google_workspace.failures import write_failure
from connectors.google_workspace.transport import Transport
from connectors.pacing import Pace, pace_of


class Turns:
    """Sends changes of one user's contacts: one at a time, over all connectors of this process."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        who = transport.who
        self._pace = pace_of(f"changes to the contacts of {who}", at_once=1) if who else Pace(at_once=1)

    def ask(self, request: HttpRequest) -> dict[str, Any]:
        """The answer to a change. Raises as `Transport.ask`, and Throttled when others take too long."""
        answer = self.answer(request)
        if not answer.ok:
            raise write_failure(answer, str(request.methodId))
        return answer.document

    def answer(self, request: HttpRequest) -> Answer:
        """As `ask`, with any answer that is not about load or sign-in returned as it is."""
        with self._pace.turn():
            return self._transport.answer(request, writing=True)
