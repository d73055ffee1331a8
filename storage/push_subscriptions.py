"""Which collections are bound, which of them an outside system calls us about, and how push is for each account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage import tables as t
from storage.admin_config import ensure_account
from storage.limits import cut


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """That a system calls us. The hashes are SHA-256, hex."""

    binding_id: int
    remote_id: str
    subscription_id: str  # "" while it was asked for and not answered
    address: str  # without its last part
    address_hash: str  # of that last part
    secret_hash: str
    began_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BoundRow:
    """A binding that was at work once, and its subscription."""

    binding_id: int
    binding: str
    account: str
    remote_id: str
    subscription: SubscriptionRow | None


@dataclass(frozen=True, slots=True)
class PushState:
    """How push is for an account."""

    account: str
    state: str  # live, renewing, off
    detail: str
    since: datetime


_SUBSCRIPTION = [t.push_subscriptions.c[name] for name in SubscriptionRow.__dataclass_fields__]
_BOUND = (
    select(
        t.bindings.c.id,
        t.bindings.c.name.label("binding"),
        t.accounts.c.name.label("account"),
        t.bindings.c.remote_id.label("bound_to"),
        *_SUBSCRIPTION,
    )
    .join(t.accounts, t.accounts.c.id == t.bindings.c.account_id)
    .outerjoin(t.push_subscriptions, t.push_subscriptions.c.binding_id == t.bindings.c.id)
    .order_by(t.bindings.c.id)
)
_STATES = select(
    t.accounts.c.name.label("account"), t.push_states.c.state, t.push_states.c.detail, t.push_states.c.since
).join(t.accounts, t.accounts.c.id == t.push_states.c.account_id)


def bound(connection: Connection) -> list[BoundRow]:
    """All of them, in one query."""
    return [
        BoundRow(
            row["id"],
            row["binding"],
            row["account"],
            row["bound_to"],
            None
            if row["binding_id"] is None
            else SubscriptionRow(**{name: row[name] for name in SubscriptionRow.__dataclass_fields__}),
        )
        for row in connection.execute(_BOUND).mappings()
    ]


def known_addresses(connection: Connection) -> set[str]:
    """Hashes of all addresses that somebody may call."""
    return set(connection.execute(select(t.push_subscriptions.c.address_hash)).scalars())


def add_subscription(connection: Connection, row: SubscriptionRow) -> None:
    """In place of an older one of this binding."""
    drop_subscriptions(connection, [row.binding_id])
    connection.execute(insert(t.push_subscriptions).values(**asdict(row)))


def set_subscription(connection: Connection, row: SubscriptionRow) -> bool:
    """What became of it; False when it is not wanted any more."""
    here = t.push_subscriptions.c
    wanted = (here.binding_id == row.binding_id, here.address_hash == row.address_hash)
    return bool(connection.execute(update(t.push_subscriptions).where(*wanted).values(**asdict(row))).rowcount)


def drop_subscriptions(connection: Connection, binding_ids: Iterable[int]) -> None:
    """Forget them."""
    for number in binding_ids:
        connection.execute(delete(t.push_subscriptions).where(t.push_subscriptions.c.binding_id == number))


def push_states(connection: Connection) -> dict[str, PushState]:
    """By account; those whose system has no push are absent."""
    return {row["account"]: PushState(**row) for row in connection.execute(_STATES).mappings()}


def set_push_state(connection: Connection, state: PushState) -> None:
    """Instead of what was known."""
    number = ensure_account(connection, state.account, state.since)
    forget_push_state(connection, state.account)
    row = {"account_id": number, "state": state.state, "detail": cut(state.detail, 1000), "since": state.since}
    connection.execute(insert(t.push_states).values(**row))


def forget_push_state(connection: Connection, account: str) -> None:
    """The account has no push, or is gone."""
    of_account = select(t.accounts.c.id).where(t.accounts.c.name == account).scalar_subquery()
    connection.execute(delete(t.push_states).where(t.push_states.c.account_id == of_account))
