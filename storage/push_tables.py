"""Subscriptions to changes at other systems, and how it is with the hints that they give."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from storage.columns import BigId, UtcTime, opaque, words
from storage.table_parts import metadata

push_subscriptions = Table(  # that an account's system calls us when the collection of a binding changes
    "push_subscriptions",
    metadata,
    Column("binding_id", BigId, ForeignKey("bindings.id"), primary_key=True, autoincrement=False),
    Column("remote_id", opaque(1000), nullable=False),  # the collection it is about
    Column("subscription_id", opaque(200), nullable=False),  # as the system names it; empty: it was asked for
    Column("address", opaque(500), nullable=False),  # where it calls, without the last part, which is a secret
    Column("address_hash", opaque(64), nullable=False, unique=True),  # of that last part
    Column("secret_hash", opaque(64), nullable=False),  # of what it says in each call
    Column("began_at", UtcTime, nullable=False),  # made, or renewed
    Column("expires_at", UtcTime, nullable=False),
)

push_states = Table(  # how it is with the hints that changes are told by; nothing depends on them
    "push_states",
    metadata,
    Column("account_id", BigId, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("state", opaque(20), nullable=False),  # live, renewing, off
    Column("detail", words(1000), nullable=False),
    Column("since", UtcTime, nullable=False),
)
