"""How push is for each account, as people are told. It says nothing of whether the account is in step: polls go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agendahub.fanout import MailboxAccount
from agendahub.health import Health
from agendahub.push_states import OFF
from agendahub.texts import _
from config.settings import Settings
from storage.push_subscriptions import PushState

UNKNOWN = "unknown"


def push_of(settings: Settings, stored: Mapping[str, PushState], found: Iterable[Health]) -> list[PushState]:
    """A line for every account whose system could tell of changes, by what the store says; `found`: all bindings."""
    from connectors.registry import PUSH

    late: dict[str, bool] = {}
    for health in found:
        late[health.account] = late.get(health.account, True) and health.state == "late"
    return [
        _line(stored[account.name], late=late.get(account.name, False))
        for account in settings.accounts
        if account.name in stored and account.connector in PUSH and not isinstance(account, MailboxAccount)
    ]


def _line(state: PushState, *, late: bool) -> PushState:
    """What a daemon that was killed said last is not believed for long."""
    if not late or state.state == OFF:
        return state
    detail = _("no cycle finished lately; does `agendahub serve` run?")
    return PushState(state.account, UNKNOWN, detail, state.since)


def sentence(state: PushState) -> str:
    """One line for a person."""
    text = _("{account}: push {state} since {since}") + (": {detail}" if state.detail else "")
    return text.format(
        account=state.account, state=state.state, since=f"{state.since:%Y-%m-%d %H:%M:%S} UTC", detail=state.detail
    )
