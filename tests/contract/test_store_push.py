"""What the store keeps of push, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storage.admin_config import ensure_account, ensure_binding, ensure_collection, forget_account, forget_binding
from storage.database import Database
from storage.push_subscriptions import (
    PushState,
    SubscriptionRow,
    add_subscription,
    bound,
    drop_subscriptions,
    known_addresses,
    push_states,
    set_push_state,
    set_subscription,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def asked(binding_id: int, key: str) -> SubscriptionRow:
    """As it is stored before the system is asked."""
    return SubscriptionRow(binding_id, "r" * 1000, "", "https://h/push/", key * 64, "s" * 64, NOW, NOW + timedelta(1))


def test_subscriptions_are_asked_for_kept_replaced_and_go_with_their_binding(store_url: str) -> None:
    database = Database(store_url)
    with database.begin() as unit:
        connection = unit.session.connection
        account = ensure_account(connection, "work", NOW)
        collection = ensure_collection(connection, "C", ["event"], "", NOW)
        one, two = (ensure_binding(connection, name, account, collection, "r" * 1000) for name in ("one", "two"))
        for number, key in ((one, "a"), (two, "b")):
            add_subscription(connection, asked(number, key))
        made = replace(asked(one, "a"), subscription_id="S1")
        assert set_subscription(connection, made)
        add_subscription(connection, asked(two, "c"))
        assert not set_subscription(connection, replace(asked(two, "b"), subscription_id="late"))
        assert [row.subscription for row in bound(connection)] == [made, asked(two, "c")]
        assert known_addresses(connection) == {"a" * 64, "c" * 64}
        assert forget_binding(connection, "two")
        drop_subscriptions(connection, [one])
        assert [(row.binding, row.account, row.subscription) for row in bound(connection)] == [("one", "work", None)]
    database.dispose()


def test_the_state_of_push_goes_with_its_account(store_url: str) -> None:
    database = Database(store_url)
    states = [PushState("work", state, "d" * 2000, NOW) for state in ("live", "off")]
    with database.begin() as unit:
        for state in states:
            set_push_state(unit.session.connection, state)
        assert push_states(unit.session.connection) == {"work": replace(states[1], detail="d" * 1000)}
        forget_account(unit.session.connection, "work")
        assert push_states(unit.session.connection) == {}
    database.dispose()
