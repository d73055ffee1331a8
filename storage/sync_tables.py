"""What a sync knows and remembers: accounts, bindings, links, the outbox, what waits for an admin, what was done."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, UniqueConstraint

from storage.columns import BigId, UtcTime, long_text, opaque, opaque_text, words
from storage.table_parts import key, metadata, to

# ---------------------------------------------------------------- sync

accounts = Table(  # what the daemon knows of an account of the configuration
    "accounts",
    metadata,
    key(),
    Column("name", opaque(100), nullable=False, unique=True),
    Column("state", opaque(20), nullable=False, default="new"),  # new, ok, needs_sign_in, unavailable
    Column("detail", words(1000), nullable=False, default=""),
    Column("since", UtcTime, nullable=False),
)

secrets = Table(  # encrypted; the key is a file outside the database
    "secrets",
    metadata,
    key(),
    Column("name", opaque(200), nullable=False, unique=True),
    Column("ciphertext", long_text(), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

bindings = Table(
    "bindings",
    metadata,
    key(),
    Column("name", opaque(100), nullable=False, unique=True),
    to("accounts", "account_id"),
    to("collections", "collection_id", index=True),
    Column("remote_id", opaque(1000), nullable=False),
    Column("cursor", long_text()),
    Column("hub_cursor", BigId, nullable=False, default=0),
    Column("approved", Boolean, nullable=False, default=False),
    Column("paused", Boolean, nullable=False, default=False),
    Column("last_started_at", UtcTime),
    Column("last_ok_at", UtcTime),
    Column("last_error", words(2000), nullable=False, default=""),
    Column("last_change_in_at", UtcTime),
    Column("last_change_out_at", UtcTime),
    Column("feed_checked_at", UtcTime),  # when everything was last compared with what the change feed had told
    Column("feed_problem", words(1000)),
)

links = Table(
    "links",
    metadata,
    key(),
    to("bindings", "binding_id"),
    to("items", "item_id", index=True),
    Column("remote_id", opaque(700), nullable=False),
    Column("remote_version", opaque(400), nullable=False),
    Column("remote_uid", opaque(700), nullable=False, index=True),  # its UID there: an item is known by all of these
    Column("base_revision", BigId, nullable=False, index=True),
    Column("echo_revision", BigId),
    Column("state", opaque(10), nullable=False),
    Column("pushed_at", UtcTime),
    Column("missing_since", UtcTime),
    Column("window_start", UtcTime),
    Column("window_writes", Integer, nullable=False, default=0),
    Column(
        "role", opaque(10), nullable=False, default="", server_default=""
    ),  # in a meeting: organizer, guest, or none
    UniqueConstraint("binding_id", "remote_id"),
    UniqueConstraint("binding_id", "item_id"),
    Index("ix_links_binding_state", "binding_id", "state"),
)

intents = Table(  # the outbox
    "intents",
    metadata,
    key(),
    to("bindings", "binding_id"),
    to("items", "item_id", index=True),
    Column("operation", opaque(10), nullable=False),
    Column("key", opaque(200), nullable=False),
    Column("revision_id", BigId, nullable=False),
    Column("state", opaque(10), nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("sent_at", UtcTime),  # of the last try
    UniqueConstraint("binding_id", "item_id"),
    Index("ix_intents_binding_state", "binding_id", "state"),
)

holds = Table(  # deletions that wait for an admin
    "holds",
    metadata,
    Column("binding_id", BigId, ForeignKey("bindings.id"), primary_key=True, autoincrement=False),
    Column("side", opaque(10), primary_key=True),  # where the deletions would happen: hub, remote
    Column("reason", words(1000), nullable=False),
    Column("samples", long_text(), nullable=False),  # JSON list of titles
    Column("item_ids", long_text(), nullable=False),  # JSON list: of all that are held
    Column("count", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)

hold_answers = Table(  # what an admin said to held deletions; forgotten when a cycle has followed it
    "hold_answers",
    metadata,
    Column("binding_id", BigId, ForeignKey("bindings.id"), primary_key=True, autoincrement=False),
    Column("side", opaque(10), primary_key=True),
    Column("verdict", opaque(10), nullable=False),  # approve, discard
    Column("item_ids", long_text(), nullable=False),  # JSON list: what was held when he said it
    Column("actor", words(300), nullable=False),
    Column("at", UtcTime, nullable=False),
)

conflicts = Table(
    "conflicts",
    metadata,
    key(),
    to("bindings", "binding_id", null=True, index=True),
    to("items", "item_id", index=True),
    Column("fields", long_text(), nullable=False),  # JSON list: field, base, hub, remote, kept
    Column("hub_revision", BigId, nullable=False),
    Column("remote_revision", BigId, nullable=False),
    Column("base_revision", BigId),  # what both sides had agreed on; null: they never did
    Column("at", UtcTime, nullable=False),
    Column("resolved_at", UtcTime, index=True),
    Column("resolution", words(200), nullable=False, default=""),
    Column("resolved_by", words(300)),
)

quarantine = Table(
    "quarantine",
    metadata,
    key(),
    to("bindings", "binding_id"),
    Column("subject", opaque(740), nullable=False),  # "remote:<id>" or "item:<id>"; of a long id its digest
    Column("remote_id", opaque_text(), nullable=False, default=""),
    Column("remote_version", opaque(400), nullable=False, default=""),
    to("items", "item_id", null=True, index=True),
    Column("uid", opaque(700), nullable=False, default=""),
    Column("operation", opaque(20), nullable=False),
    Column("title", words(400), nullable=False, default=""),
    Column("starts", words(50), nullable=False, default=""),
    Column("message", words(2000), nullable=False),
    Column("server_said", words(2000), nullable=False, default=""),
    Column("raw", long_text(), nullable=False, default=""),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False, default=1),
    UniqueConstraint("binding_id", "subject"),
    Index("ix_quarantine_binding_uid", "binding_id", "uid"),
)

runs = Table(  # cycles that did something or failed; idle cycles leave no row
    "runs",
    metadata,
    key(),
    to("bindings", "binding_id", null=True, index=True),
    Column("started_at", UtcTime, nullable=False, index=True),
    Column("finished_at", UtcTime),
    Column("outcome", opaque(20), nullable=False),  # running, ok, failed
    Column("counts", long_text(), nullable=False, default="{}"),  # JSON of things done
    Column("message", words(2000), nullable=False, default=""),
    Column("seconds", Float),
)

plans = Table(  # saved plans that were applied, one row for each binding of a plan
    "plans",
    metadata,
    key(),
    Column("plan", opaque(64), nullable=False),  # the id that its file says
    Column("binding", opaque(100), nullable=False),  # by name: it may have gone since
    Column("actor", words(300), nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),  # null: at work, or broken off
    UniqueConstraint("binding", "plan"),
)

config_history = Table(
    "config_history",
    metadata,
    key(),
    Column("at", UtcTime, nullable=False),
    Column("actor", words(300), nullable=False),
    Column("text", long_text(), nullable=False),
)
