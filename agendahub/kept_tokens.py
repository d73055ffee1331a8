"""Where the tokens of an account's sign-in are kept: encrypted in the store, under a lock over all processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agendahub import redaction
from agendahub.texts import _
from storage import secrets
from storage.database import Database
from storage.errors import StoreBusy
from storage.named_locks import named_lock
from sync_engine.errors import Unavailable

PATIENCE = 90.0  # seconds: as long as another may wait for the sign-in service


def name_of(account: str) -> str:
    """Of the secret that holds an account's tokens; it is bound to the account by its encryption."""
    return f"tokens of {account}"


class KeptTokens:
    """A `connectors.tokens.TokenStore`. Raises StoreError where the store cannot be used."""

    def __init__(self, database: Database, key_file: Path, account: str) -> None:
        self._database, self._key_file, self._account = database, key_file, account
        self._name = name_of(account)

    def load(self) -> str:
        """As `TokenStore`."""
        key = secrets.read_key(self._key_file)
        with self._database.read() as unit:
            found = secrets.get(unit.session.connection, key, self._name) or ""
        self._learn(found)
        return found

    def save(self, tokens: str) -> None:
        """As `TokenStore`."""
        self._learn(tokens)
        key = secrets.read_key(self._key_file)
        with self._database.begin() as unit:
            secrets.put(unit.session.connection, key, self._name, tokens, datetime.now(UTC))

    def forget(self) -> bool:
        """Sign out. False when nobody was signed in."""
        with self.lock(), self._database.begin() as unit:
            return secrets.remove(unit.session.connection, self._name)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """As `TokenStore`."""
        with ExitStack() as held:
            try:
                held.enter_context(named_lock(self._database, self._name, PATIENCE))
            except StoreBusy as err:
                said = _("Another process has been renewing the sign-in of account {account} for too long.")
                raise Unavailable(said.format(account=self._account)) from err
            yield

    def _learn(self, tokens: str) -> None:
        """No log and no message shows them from now on."""
        try:
            found = json.loads(tokens) if tokens else {}
        except ValueError:
            return
        for name, value in found.items():
            if name.endswith("_token") and isinstance(value, str):
                redaction.learn(value, of=f"{self._account} {name}")
