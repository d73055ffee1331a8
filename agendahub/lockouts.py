"""Accounts that need a new sign-in (SYNC.md R24): told once and then daily, tried again after a secret was given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from agendahub.fanout import service_of
from agendahub.kept_tokens import name_of
from config.settings import AccountSettings, Settings

REMIND = timedelta(days=1)


class Lockouts:
    """Used by the threads of all cycles; each method touches one account."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}
        self._told: dict[str, tuple[str, datetime]] = {}

    def __bool__(self) -> bool:
        return bool(self._since)

    def names(self) -> list[str]:
        """Accounts that wait for a person."""
        return sorted(self._since)

    def refused(self, account: str, began: datetime) -> None:
        """A cycle that `began` then was refused. What was given after that may be right."""
        self._since[account] = began

    def tell(self, account: str, message: str, now: datetime) -> bool:
        """Whether the admin has not heard this of the account for a day; its other bindings say the same."""
        said, when = self._told.get(account, ("", now))
        if said == message and now - when <= REMIND:
            return False
        self._told[account] = message, now
        return True

    def well(self, account: str) -> None:
        """It works again, or is worth another try."""
        self._since.pop(account, None)

    def forget(self, account: str) -> None:
        """It works again: the next refusal is news."""
        self.well(account)
        self._told.pop(account, None)

    def renewed(self, settings: Settings, given: Mapping[str, datetime]) -> list[str]:
        """Accounts for which somebody signed in or gave a secret since. `given`: when, by the secret's name."""
        waiting = [(settings.account(name), since) for name, since in list(self._since.items())]
        return [account.name for account, since in waiting if account and _newest(account, given, since) > since]


def _newest(account: AccountSettings, given: Mapping[str, datetime], since: datetime) -> datetime:
    references = (account.secret, account.certificate, f"store:{name_of(service_of(account))}")
    names = (reference.removeprefix("store:") for reference in references if reference.startswith("store:"))
    return max((given.get(name, since) for name in names), default=since)
