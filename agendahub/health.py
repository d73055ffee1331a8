"""How a binding is, told from what the store and the configuration know. "ok" only if its last cycle finished (R25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agendahub.texts import _
from config.settings import BindingSettings, Settings
from storage.admin_lists import BindingRow

_GRACE = 120.0  # seconds that a cycle may take on top of its interval before it is called late


@dataclass(frozen=True, slots=True)
class Health:
    """One line of the status."""

    binding: str
    account: str
    collection: str
    state: str  # ok, paused, new, failed, unfinished, late, needs_sign_in, feed_silent
    detail: str  # what is wrong, or what waits for an admin
    last_ok_at: datetime | None
    last_change_in_at: datetime | None
    last_change_out_at: datetime | None
    feed_checked_at: datetime | None  # when everything was last compared with what the change feed had told
    links: int
    waiting: int
    held: int
    quarantined: int
    conflicts: int

    @property
    def is_well(self) -> bool:
        """Nothing needs an admin."""
        return self.state in {"ok", "paused", "new"} and not self.held


def health_of(
    settings: Settings, rows: Mapping[str, BindingRow], accounts: Mapping[str, tuple[str, str]], now: datetime
) -> list[Health]:
    """One line for every binding of the configuration, in its order. `accounts`: name -> state, detail."""
    return [
        _health(binding, rows.get(binding.name), accounts.get(binding.account), settings.sync.interval, now)
        for binding in settings.bindings
    ]


def _health(
    binding: BindingSettings, row: BindingRow | None, account: tuple[str, str] | None, interval: float, now: datetime
) -> Health:
    ends = {"binding": binding.name, "account": binding.account, "collection": binding.collection}
    if row is None:
        state, detail = _state_before_the_first_cycle(binding, account)
        return Health(**ends, state=state, detail=detail, last_ok_at=None, last_change_in_at=None,
                      last_change_out_at=None, feed_checked_at=None,
                      links=0, waiting=0, held=0, quarantined=0, conflicts=0)  # fmt: skip
    state, detail = _state(binding, row, binding.interval or interval, now)
    return Health(
        **ends,
        state=state,
        detail=detail or _waiting_for_admin(row),
        last_ok_at=row.last_ok_at,
        last_change_in_at=row.last_change_in_at,
        last_change_out_at=row.last_change_out_at,
        feed_checked_at=row.feed_checked_at,
        links=row.links,
        waiting=row.waiting,
        held=int(row.held),
        quarantined=row.quarantined,
        conflicts=row.conflicts,
    )


def _state_before_the_first_cycle(binding: BindingSettings, account: tuple[str, str] | None) -> tuple[str, str]:
    """Nothing is known of the binding itself, but maybe that its account cannot be used."""
    state, detail = account or ("new", "")
    if binding.paused or state in {"new", "ok"}:
        return "paused" if binding.paused else "new", ""
    return "needs_sign_in" if state == "needs_sign_in" else "failed", detail


def _state(binding: BindingSettings, row: BindingRow, interval: float, now: datetime) -> tuple[str, str]:
    if binding.paused:
        return "paused", ""
    if row.last_error:
        return "needs_sign_in" if row.account_state == "needs_sign_in" else "failed", row.last_error
    if row.last_started_at and (row.last_ok_at is None or row.last_started_at > row.last_ok_at):
        return "unfinished", _("a cycle is at work, or was broken off and goes on at the next try")
    if row.last_ok_at is None:
        return "new", ""
    if (now - row.last_ok_at).total_seconds() > 2 * interval + _GRACE:
        return "late", _("no cycle finished lately; does `agendahub serve` run?")
    if row.feed_problem:
        return "feed_silent", row.feed_problem
    return "ok", ""


def _waiting_for_admin(row: BindingRow) -> str:
    if not row.held:
        return ""
    hint = _('{count} deletions are held: agendahub held show "{name}", then held approve or held discard')
    return hint.format(count=row.held, name=row.name)
