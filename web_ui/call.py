"""One request of somebody who was let in: what the routes work with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import TypeAdapter

from crm.actor import Actor
from crm.settings import CrmSettings
from storage.crm import api_answers
from storage.database import run
from storage.errors import StoreRefused
from storage.unit_of_work import SqlUnitOfWork
from web_ui.hub import Hub, Refusal

Result = TypeVar("Result")

_OTHER = "This Idempotency-Key was sent with another request before; use a new one for each thing to be done."


@dataclass(frozen=True, slots=True)
class Call:
    """Made by `web_ui.gate`."""

    hub: Hub
    actor: Actor
    headers: Mapping[str, str] = field(repr=False)  # names in lower case; one is the token
    token_id: int
    asked: str  # SHA-256 of method, address and body

    @property
    def settings(self) -> CrmSettings:
        """What the configuration says."""
        return self.hub.settings

    def read(self) -> AbstractContextManager[SqlUnitOfWork]:
        """A consistent view."""
        return self.hub.database.read()

    def write(self, work: Callable[[SqlUnitOfWork], Result]) -> Result:
        """In a transaction; run again, as a whole, when it met another one."""
        return run(self.hub.database, work)

    def once(self, shape: Any, work: Callable[[SqlUnitOfWork], Result]) -> Result:
        """`write`, and with an Idempotency-Key not a second time: what was answered then is answered again.

        `shape`: the type of the result.
        """
        if not self.headers.get("idempotency-key"):
            return self.write(work)
        key, adapter = self._key(), TypeAdapter(shape)
        done = self._answered(key)
        if done is None:
            try:
                return self.write(lambda unit: self._first(unit, key, adapter, work))
            except StoreRefused:  # another one with this key was faster, or something else was refused
                done = self._answered(key)
                if done is None:
                    raise
        if done.asked != self.asked:
            raise Refusal(422, _OTHER)
        found: Result = adapter.validate_json(done.answer)
        return found

    def version(self, sent: int | None) -> int:
        """The version that the sender looked at: `sent` in the body, or in If-Match."""
        written = self.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
        if sent is None and written.isascii() and written.isdecimal() and len(written) < 10:
            sent = int(written)
        if sent is None:
            raise Refusal(428, "Say which version you looked at: version, or If-Match.", missing=["version"])
        return sent

    def _key(self) -> str:
        sent = self.headers["idempotency-key"]
        if len(sent) > 200:
            raise Refusal(422, "An Idempotency-Key has at most 200 characters.")
        return hashlib.sha256(f"{self.token_id}\n{sent}".encode()).hexdigest()

    def _answered(self, key: str) -> api_answers.Answered | None:
        with self.read() as unit:
            return api_answers.answered(unit.session.connection, key)

    def _first(
        self, unit: SqlUnitOfWork, key: str, adapter: TypeAdapter[Any], work: Callable[[SqlUnitOfWork], Result]
    ) -> Result:
        connection = unit.session.connection
        api_answers.begin_answer(connection, key, self.asked, unit.session.now())
        found = work(unit)
        api_answers.end_answer(connection, key, adapter.dump_json(found).decode())
        return found


def _made_by_the_gate(request: Request) -> Call:
    found = request.scope["state"]["call"]
    assert isinstance(found, Call)
    return found


Caller = Annotated[Call, Depends(_made_by_the_gate)]
