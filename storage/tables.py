"""The open schema: plain tables that a company may query and report on. docs/schema.md explains them to its readers.

The text of an item stands once, in its current revision; ``items`` is small, so that listings touch no text. The tables
contacts ... tasks repeat what people search for; they are written with each revision and never read by the sync engine.
"""

from __future__ import annotations

from storage.fanout_tables import fanout_members, fanouts
from storage.hub_tables import (
    collection_properties,
    collections,
    contact_addresses,
    contact_emails,
    contact_phones,
    contacts,
    devices,
    event_attendees,
    events,
    grants,
    items,
    revisions,
    tasks,
    tokens,
    users,
)
from storage.push_tables import push_states, push_subscriptions
from storage.sync_tables import (
    accounts,
    bindings,
    config_history,
    conflicts,
    hold_answers,
    holds,
    intents,
    links,
    plans,
    quarantine,
    runs,
    secrets,
)
from storage.table_parts import metadata

__all__ = [
    "accounts",
    "bindings",
    "collection_properties",
    "collections",
    "config_history",
    "conflicts",
    "contact_addresses",
    "contact_emails",
    "contact_phones",
    "contacts",
    "devices",
    "event_attendees",
    "events",
    "fanout_members",
    "fanouts",
    "grants",
    "hold_answers",
    "holds",
    "intents",
    "items",
    "links",
    "metadata",
    "plans",
    "push_states",
    "push_subscriptions",
    "quarantine",
    "revisions",
    "runs",
    "secrets",
    "tasks",
    "tokens",
    "users",
]
