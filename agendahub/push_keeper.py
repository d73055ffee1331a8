"""Keeps an account's subscriptions: makes them, renews them at half of their life, ends those that are not wanted.

What is asked for is in the store before the system is asked, so that a crash neither loses nor doubles a subscription.
Where none can be given a later end, another one is made and then the older one is ended.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from agendahub import redaction
from agendahub.push_hooks import Entry, Hooks, digest
from agendahub.push_states import LIVE, OFF, RENEWING, only_polled
from agendahub.texts import _
from connectors.push import Event, Hook, Subscription, Webhooks
from storage.database import Database
from storage.errors import StoreError
from storage.push_subscriptions import (
    BoundRow,
    SubscriptionRow,
    add_subscription,
    drop_subscriptions,
    known_addresses,
    set_subscription,
)
from sync_engine.errors import (
    AccountError,
    CollectionGone,
    ItemError,
    NoAccess,
    NotAuthorised,
    OutcomeUnknown,
    SyncError,
    Throttled,
)

MARGIN = timedelta(minutes=5)  # our clock may be ahead of the system's, which refuses what lasts too long
SWEEP = timedelta(days=1)  # between two looks for subscriptions that nobody knows
FIRST_PAUSE = timedelta(minutes=1)  # after a failure; doubled for each further one
LONGEST_PAUSE = timedelta(hours=1)
SIGN_IN_PAUSE = timedelta(minutes=15)
SETTLED = timedelta(seconds=30)  # what a call says of a younger subscription waits: nobody makes us ask all the time

_OF_ONE = (ItemError, NoAccess, CollectionGone)  # refusals that are about one collection, not the account

Due: TypeAlias = Callable[[Iterable[int]], None]
"""Makes bindings due."""


class Keeper:
    """One account's. `look` is for one thread; `told` for any."""

    def __init__(
        self,
        account: str,
        webhooks: Webhooks,
        hooks: Hooks,
        database: Database,
        due: Due,
        wake: Callable[[], None],
        address: str,
        lifetime: timedelta,
    ) -> None:
        """`address` ends in /; `lifetime`: how long the system lets one live; `wake`: have it looked soon."""
        self._account, self._webhooks, self._hooks, self._database = account, webhooks, hooks, database
        self._due, self._wake, self._address = due, wake, address
        self._lifetime = max(lifetime - MARGIN, lifetime / 2)
        self._lock = threading.Lock()
        self._expiring: set[int] = set()  # bindings whose subscription is to be renewed now
        self._removed: set[int] = set()  # ... is no more
        self._known: dict[str, int] = {}  # subscriptions that stand, and their bindings
        self._failures = 0
        self._not_before: datetime | None = None
        self._swept: datetime | None = None
        self._lost: dict[int, set[str]] = {}  # names, by binding, of those whose answer was lost
        self._refused: dict[int, tuple[datetime, str]] = {}  # bindings the system makes no subscription for
        self._problem, self._lasting = "", False  # why the last look broke off

    def told(self, binding_id: int, event: Event) -> None:
        """A call that is proven to be about this binding."""
        with self._lock:
            if event is Event.EXPIRING:
                self._expiring.add(binding_id)
            elif event is Event.REMOVED:
                self._removed.add(binding_id)
        if event not in {Event.EXPIRING, Event.BEGUN}:
            self._due([binding_id])
        if event in {Event.EXPIRING, Event.REMOVED}:
            self._wake()

    def look(self, rows: Sequence[BoundRow], wanted: set[int], now: datetime) -> tuple[str, str]:
        """Do what is due. Gives the state that push is in, and why."""
        self._open(rows)
        if self._not_before is not None and now < self._not_before:
            return self._state(wanted)
        try:
            self._look(rows, wanted, now)
        except AccountError as err:
            return self._failed(err, now)
        self._failures, self._not_before, self._problem = 0, None, ""
        return self._state(wanted)

    def end(self, rows: Sequence[BoundRow]) -> None:
        """The account is to be called about no more: end all subscriptions, as far as the system listens."""
        stored = {row.subscription.subscription_id for row in rows if row.subscription is not None}
        with suppress(AccountError):
            for subscription in (stored | self._known.keys()) - {""}:
                self._unsubscribe(subscription)
        with suppress(StoreError):
            self._forget([row.binding_id for row in rows])
        self.close()

    def close(self) -> None:
        """Stop here; subscriptions stay for the next start."""
        self._hooks.keep_only(self._account, set())
        self._webhooks.close()

    # ---------------------------------------------------------------- one look

    def _look(self, rows: Sequence[BoundRow], wanted: set[int], now: datetime) -> None:
        listed: list[Subscription] | None = None
        self._end_unbound(rows)
        if self._swept is None or now - self._swept >= SWEEP:
            listed = self._listed()
            self._sweep(listed)
            self._swept = now
        for row in rows:
            if row.binding_id not in wanted:
                self._drop(row)
            elif row.subscription is None or not self._stands(row, row.subscription, now):
                self._adopt_or_make(row, listed, now)

    def _stands(self, row: BoundRow, has: SubscriptionRow, now: datetime) -> bool:
        """Whether it goes on; renewed if that is due."""
        expiring, removed = self._said_of(has, now)
        if has.remote_id != row.remote_id or has.address != self._address:
            self._drop(row)
            return False
        if removed or not has.subscription_id or now >= has.expires_at:
            self._known.pop(has.subscription_id, None)
            return False
        self._known[has.subscription_id] = row.binding_id
        if not expiring and now < has.began_at + (has.expires_at - has.began_at) / 2:
            return True
        return self._renewed(row, has, now)

    def _said_of(self, has: SubscriptionRow, now: datetime) -> tuple[bool, bool]:
        """Whether a call said that it is to be renewed, or is no more."""
        if now - has.began_at < SETTLED:
            return False, False
        with self._lock:
            said = has.binding_id in self._expiring, has.binding_id in self._removed
            self._expiring.discard(has.binding_id)
            self._removed.discard(has.binding_id)
        return said

    def _renewed(self, row: BoundRow, has: SubscriptionRow, now: datetime) -> bool:
        if not self._webhooks.extends:
            self._make_if_allowed(row, now)
            return True  # it goes on until the other one stands
        try:
            end = self._webhooks.renew(has.subscription_id, now + self._lifetime)
        except _OF_ONE:  # another one may be made
            end = None
        except AccountError:
            with self._lock:
                self._expiring.add(row.binding_id)  # not done yet
            raise
        if end is None:
            self._known.pop(has.subscription_id, None)
            return False
        self._keep(replace(has, began_at=now, expires_at=end))
        return True

    def _adopt_or_make(self, row: BoundRow, listed: list[Subscription] | None, now: datetime) -> None:
        has = row.subscription
        if has is not None and not has.subscription_id and has.address == self._address and self._adopted(has, listed):
            return
        self._make_if_allowed(row, now)

    def _make_if_allowed(self, row: BoundRow, now: datetime) -> None:
        again, _reason = self._refused.get(row.binding_id, (now, ""))
        if now >= again:
            self._make(row, now)

    def _adopted(self, has: SubscriptionRow, listed: list[Subscription] | None) -> bool:
        """It was asked for, and the answer was lost: the system may have it."""
        for one in self._listed() if listed is None else listed:
            if self._is_ours(one) and digest(_last(one.address)) == has.address_hash:
                self._keep(replace(has, subscription_id=one.id, expires_at=one.expires))
                self._known[one.id] = has.binding_id
                return True
        return False

    def _make(self, row: BoundRow, now: datetime) -> None:
        key, secret, end = secrets.token_urlsafe(32), secrets.token_urlsafe(32), now + self._lifetime
        for word in (key, secret):
            redaction.learn(word, of=f"push {self._account}")  # a refusal may quote them
        asked = self._asked(
            row,
            SubscriptionRow(row.binding_id, row.remote_id, "", self._address, digest(key), digest(secret), now, end),
        )
        with self._database.begin() as unit:
            add_subscription(unit.session.connection, asked)
        self._hooks.put(asked.address_hash, self._entry(asked))  # it calls us before it answers
        try:
            made = self._webhooks.subscribe(row.remote_id, Hook(self._address + key, secret, asked.address_hash), end)
        except OutcomeUnknown:  # it stays in the store, to be looked for
            self._lost.setdefault(row.binding_id, set()).add(asked.address_hash)
            if asked.subscription_id:
                self._give_up(row)
            raise
        except _OF_ONE as err:
            self._give_up(row)
            self._refused[row.binding_id] = now + LONGEST_PAUSE, _said(err)
            return
        except SyncError:
            self._give_up(row)
            raise
        self._made(row, replace(asked, subscription_id=made.id, expires_at=made.expires), now)

    def _asked(self, row: BoundRow, asked: SubscriptionRow) -> SubscriptionRow:
        """Until the answer is there, the older one that is to be ended then is remembered in its place."""
        before = self._before(row)
        if before is None:
            return asked
        return replace(asked, subscription_id=before.subscription_id, expires_at=asked.began_at)

    def _made(self, row: BoundRow, made: SubscriptionRow, now: datetime) -> None:
        self._refused.pop(row.binding_id, None)
        if made.expires_at - now < SETTLED:  # else one would be made all the time
            reason = _("what it tells would end at once; check the clock of this machine")
            self._refused[row.binding_id] = now + LONGEST_PAUSE, reason
        if not self._keep(made):
            self._unsubscribe(made.subscription_id)
            return
        self._known[made.subscription_id] = row.binding_id
        before = self._before(row)
        if before is None or now >= before.expires_at:
            self._due([row.binding_id])  # what changed before it stood was not told
        self._end_earlier(row, made.subscription_id)

    def _end_earlier(self, row: BoundRow, made: str) -> None:
        """The one in whose place it is, and those that may have been made before. Tried until the system answers."""
        before, has = self._before(row), row.subscription
        names = self._lost.pop(row.binding_id, set()) | ({has.address_hash} if has is not None else set())
        earlier = {self._webhooks.named(name, made) for name in names} | {before.subscription_id if before else ""}
        for subscription in earlier - {"", made}:
            self._known[subscription] = row.binding_id
            self._unsubscribe(subscription)

    def _before(self, row: BoundRow) -> SubscriptionRow | None:
        """The one in whose place another one is made, where none can be given a later end."""
        has = row.subscription
        if has is None or self._webhooks.extends or not has.subscription_id:
            return None
        return has if (has.remote_id, has.address) == (row.remote_id, self._address) else None

    def _give_up(self, row: BoundRow) -> None:
        """What was asked for is not there: the older one goes on, if there is one."""
        if (before := self._before(row)) is None:
            self._forget([row.binding_id])
            return
        with self._database.begin() as unit:
            add_subscription(unit.session.connection, before)

    # ---------------------------------------------------------------- what is wanted no more

    def _end_unbound(self, rows: Sequence[BoundRow]) -> None:
        """Bindings that were forgotten meanwhile, by any process."""
        stand = {row.subscription.subscription_id for row in rows if row.subscription is not None}
        for subscription in list(self._known.keys() - stand):
            self._unsubscribe(subscription)

    def _drop(self, row: BoundRow) -> None:
        has = row.subscription
        if has is None:
            return
        if has.subscription_id:
            self._unsubscribe(has.subscription_id)
        self._forget([row.binding_id])

    def _sweep(self, listed: Sequence[Subscription]) -> None:
        """End those at addresses of ours that nobody knows: of a store that was restored, of a crash."""
        with self._database.read() as unit:
            known = known_addresses(unit.session.connection)
        for one in listed:
            if self._is_ours(one) and digest(_last(one.address)) not in known:
                self._unsubscribe(one.id)

    def _listed(self) -> list[Subscription]:
        """Nothing where the system tells no list: what was lost ends by itself."""
        with suppress(*_OF_ONE):
            return list(self._webhooks.subscriptions())
        return []

    def _unsubscribe(self, subscription: str) -> None:
        """One that the system does not let end will end by itself."""
        with suppress(*_OF_ONE):
            self._webhooks.unsubscribe(subscription)
        self._known.pop(subscription, None)

    def _is_ours(self, one: Subscription) -> bool:
        return one.address.startswith(self._address)

    # ---------------------------------------------------------------- the store, and what is told

    def _keep(self, row: SubscriptionRow) -> bool:
        with self._database.begin() as unit:
            return set_subscription(unit.session.connection, row)

    def _forget(self, binding_ids: Sequence[int]) -> None:
        with self._database.begin() as unit:
            drop_subscriptions(unit.session.connection, binding_ids)

    def _open(self, rows: Sequence[BoundRow]) -> None:
        """Exactly the addresses that the store knows."""
        found = [row.subscription for row in rows if row.subscription is not None]
        self._hooks.keep_only(self._account, {has.address_hash for has in found})
        for has in found:
            self._hooks.put(has.address_hash, self._entry(has))

    def _entry(self, row: SubscriptionRow) -> Entry:
        said = self._webhooks
        return Entry(row.binding_id, self._account, row.secret_hash, said.challenge, said.read, self.told)

    def _failed(self, err: AccountError, now: datetime) -> tuple[str, str]:
        pause = min(FIRST_PAUSE * 2 ** min(self._failures, 10), LONGEST_PAUSE)
        if isinstance(err, NotAuthorised):
            pause = SIGN_IN_PAUSE
        if isinstance(err, Throttled):
            pause = max(pause, timedelta(seconds=err.retry_after))
        self._failures += 1
        self._not_before, self._problem, self._lasting = now + pause, _said(err), isinstance(err, NotAuthorised)
        return (OFF if self._lasting else RENEWING), self._problem

    def _state(self, wanted: set[int]) -> tuple[str, str]:
        if self._problem:
            return (OFF if self._lasting else RENEWING), self._problem
        standing = set(self._known.values())
        refused = [why for number, (_again, why) in self._refused.items() if number in wanted - standing]
        if not wanted:
            return OFF, _("no binding of it is at work")
        if len(refused) >= len(wanted):
            return OFF, refused[0]
        if refused:
            return LIVE, f"{only_polled(len(refused))}: {refused[0]}"
        return LIVE, ""


def _last(address: str) -> str:
    return address.rpartition("/")[2]


def _said(err: SyncError) -> str:
    """One sentence, with the server's words unless they are in it."""
    return str(err) if not err.server_said or err.server_said in str(err) else f"{err} ({err.server_said})"
