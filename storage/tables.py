"""The open schema: plain tables that a company may query and report on. docs/schema.md explains them to its readers.

The text of an item stands once, in its current revision; ``items`` is small, so that listings touch no text. The tables
contacts ... tasks repeat what people search for; they are written with each revision and never read by the sync engine.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint, text

from storage.columns import BigId, UtcTime, long_text, opaque, opaque_text, words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[Any]:
    return Column("id", BigId, primary_key=True, autoincrement=True)


def _to(table: str, name: str, *, null: bool = False, index: bool = False) -> Column[Any]:
    return Column(name, BigId, ForeignKey(f"{table}.id"), nullable=null, index=index)


def _item_key() -> Column[Any]:
    return Column("item_id", BigId, ForeignKey("items.id"), primary_key=True, autoincrement=False)


# ---------------------------------------------------------------- people and devices

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", opaque(100), nullable=False, unique=True),
    Column("display_name", words(200), nullable=False, default=""),
    Column("blocked", Boolean, nullable=False, default=False),
    Column("created_at", UtcTime, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    _id(),
    _to("users", "user_id", index=True),
    Column("name", words(100), nullable=False),
    Column("token_hash", opaque(64), nullable=False, unique=True),  # of the app password, which is shown once
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

tokens = Table(  # of programs that use the admin API
    "tokens",
    metadata,
    _id(),
    Column("name", words(100), nullable=False),
    Column("access", opaque(10), nullable=False),  # read, write
    Column("token_hash", opaque(64), nullable=False, unique=True),  # of the token, which is shown once
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

# ---------------------------------------------------------------- collections and items

collections = Table(
    "collections",
    metadata,
    _id(),
    Column("slug", opaque(200), nullable=False),  # the last part of its URL
    _to("users", "owner_id", null=True, index=True),  # null: the company's, seen by every user
    Column("name", words(200), nullable=False),
    Column("kinds", opaque(50), nullable=False),  # "contact", "event", "task" or "event,task"
    Column("description", long_text(), nullable=False, default=""),
    Column("color", opaque(20), nullable=False, default=""),
    Column("sort_order", Integer, nullable=False, default=0),
    Column("timezone", long_text(), nullable=False, default=""),  # a VTIMEZONE, for floating times
    Column("epoch", opaque(32), nullable=False),  # new for each creation: tokens of an older one are worthless
    Column("seq", BigId, nullable=False, default=0),  # number of the newest change, given under a row lock
    Column("floor", BigId, nullable=False, default=0),  # changes up to here are forgotten (purged tombstones)
    Column("created_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime),
    Index(
        "uq_collections_owner_slug",
        "owner_id",
        "slug",
        unique=True,
        **{  # type: ignore[arg-type]
            f"{d}_where": text("deleted_at IS NULL") for d in ("sqlite", "postgresql", "mssql")
        },
    ),
    Index(  # the one above takes no two empty owners for equal, but on SQL Server
        "uq_collections_company_slug",
        "slug",
        unique=True,
        **{  # type: ignore[arg-type]
            f"{d}_where": text("owner_id IS NULL AND deleted_at IS NULL") for d in ("sqlite", "postgresql", "mssql")
        },
    ),
)

collection_properties = Table(  # WebDAV properties we do not know, kept as XML
    "collection_properties",
    metadata,
    Column("collection_id", BigId, ForeignKey("collections.id"), primary_key=True, autoincrement=False),
    Column("name", opaque(400), primary_key=True),  # {namespace}local
    Column("value", long_text(), nullable=False),
)

grants = Table(  # who else sees a personal collection
    "grants",
    metadata,
    Column("collection_id", BigId, ForeignKey("collections.id"), primary_key=True, autoincrement=False),
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("access", opaque(10), nullable=False),  # read, write
)

items = Table(
    "items",
    metadata,
    _id(),
    _to("collections", "collection_id"),
    Column("kind", opaque(10), nullable=False),
    Column("uid", opaque(700), nullable=False),
    Column("href", opaque(700), nullable=False),  # the last part of its URL, decoded; an opaque key, never a path
    Column("etag", opaque(32), nullable=False),  # digest of the current text
    Column("size", Integer, nullable=False),  # octets of the current text
    Column(
        "revision_id", BigId, nullable=False
    ),  # its current text (no foreign key: the two tables point at each other)
    Column("seq", BigId, nullable=False),
    Column("deleted", Boolean, nullable=False, default=False),  # a tombstone
    Column("fingerprint", opaque(32), nullable=False, default=""),  # of what a person would recognise it by
    Column("range_start", UtcTime),  # encloses all occurrences; null: undated, or not a calendar item
    Column("range_end", UtcTime),  # null with a start: goes on for ever
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    UniqueConstraint("collection_id", "href"),
    Index("ix_items_collection_seq", "collection_id", "seq"),
    Index("ix_items_collection_fingerprint", "collection_id", "fingerprint"),
    Index("ix_items_collection_range", "collection_id", "range_start", "range_end"),
    Index("ix_items_collection_uid", "collection_id", "uid"),
    Index(
        "uq_items_live_uid",
        "collection_id",
        "uid",
        unique=True,
        sqlite_where=text("deleted = 0"),
        postgresql_where=text("NOT deleted"),
        mssql_where=text("deleted = 0"),
    ),
)

revisions = Table(
    "revisions",
    metadata,
    _id(),
    _to("items", "item_id", index=True),
    Column("text", long_text(), nullable=False),
    Column("digest", opaque(32), nullable=False),
    Column(
        "role", opaque(10), nullable=False
    ),  # current (it was the item's text), deleted, remote (what a remote holds)
    Column("actor", words(300), nullable=False),
    Column("run_id", BigId, index=True),
    Column("at", UtcTime, nullable=False, index=True),
)

# ---------------------------------------------------------------- what people query

contacts = Table(
    "contacts",
    metadata,
    _item_key(),
    Column("full_name", words(400), nullable=False, index=True),
    Column("family_name", words(200), nullable=False),
    Column("given_name", words(200), nullable=False),
    Column("organization", words(400), nullable=False, index=True),
    Column("title", words(200), nullable=False),
    Column("birthday", words(50), nullable=False),
    Column("categories", words(1000), nullable=False),
    Column("note", long_text(), nullable=False),
    Column("has_photo", Boolean, nullable=False),
)

contact_emails = Table(
    "contact_emails",
    metadata,
    _id(),
    _to("items", "item_id", index=True),
    Column("address", words(320), nullable=False, index=True),  # lower case
    Column("types", words(100), nullable=False),
)

contact_phones = Table(
    "contact_phones",
    metadata,
    _id(),
    _to("items", "item_id", index=True),
    Column("number", words(100), nullable=False),  # as written
    Column("digits", opaque(40), nullable=False, index=True),  # + and digits only
    Column("types", words(100), nullable=False),
)

contact_addresses = Table(
    "contact_addresses",
    metadata,
    _id(),
    _to("items", "item_id", index=True),
    Column("street", words(400), nullable=False),
    Column("city", words(200), nullable=False),
    Column("region", words(200), nullable=False),
    Column("postal_code", words(50), nullable=False),
    Column("country", words(100), nullable=False),
    Column("types", words(100), nullable=False),
)

events = Table(
    "events",
    metadata,
    _item_key(),
    Column("summary", words(1000), nullable=False),
    Column("location", words(1000), nullable=False),
    Column("starts_at", UtcTime, index=True),
    Column("ends_at", UtcTime),
    Column("all_day", Boolean, nullable=False),
    Column("zone", words(200), nullable=False),
    Column("recurring", Boolean, nullable=False),
    Column("status", words(30), nullable=False),
    Column("classification", words(30), nullable=False),
    Column("organizer", words(320), nullable=False),
)

event_attendees = Table(
    "event_attendees",
    metadata,
    _id(),
    _to("items", "item_id", index=True),
    Column("address", words(320), nullable=False, index=True),
    Column("name", words(200), nullable=False),
    Column("status", words(30), nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    _item_key(),
    Column("summary", words(1000), nullable=False),
    Column("starts_at", UtcTime),
    Column("due_at", UtcTime, index=True),
    Column("completed_at", UtcTime),
    Column("status", words(30), nullable=False),
    Column("percent_complete", Integer),
)

# ---------------------------------------------------------------- sync

accounts = Table(  # what the daemon knows of an account of the configuration
    "accounts",
    metadata,
    _id(),
    Column("name", opaque(100), nullable=False, unique=True),
    Column("state", opaque(20), nullable=False, default="new"),  # new, ok, needs_sign_in, unavailable
    Column("detail", words(1000), nullable=False, default=""),
    Column("since", UtcTime, nullable=False),
)

secrets = Table(  # encrypted; the key is a file outside the database
    "secrets",
    metadata,
    _id(),
    Column("name", opaque(200), nullable=False, unique=True),
    Column("ciphertext", long_text(), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

bindings = Table(
    "bindings",
    metadata,
    _id(),
    Column("name", opaque(100), nullable=False, unique=True),
    _to("accounts", "account_id"),
    _to("collections", "collection_id", index=True),
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
    _id(),
    _to("bindings", "binding_id"),
    _to("items", "item_id", index=True),
    Column("remote_id", opaque(700), nullable=False),
    Column("remote_version", opaque(400), nullable=False),
    Column("remote_uid", opaque(700), nullable=False),
    Column("base_revision", BigId, nullable=False, index=True),
    Column("echo_revision", BigId),
    Column("state", opaque(10), nullable=False),
    Column("pushed_at", UtcTime),
    Column("missing_since", UtcTime),
    Column("window_start", UtcTime),
    Column("window_writes", Integer, nullable=False, default=0),
    UniqueConstraint("binding_id", "remote_id"),
    UniqueConstraint("binding_id", "item_id"),
    Index("ix_links_binding_state", "binding_id", "state"),
)

intents = Table(  # the outbox
    "intents",
    metadata,
    _id(),
    _to("bindings", "binding_id"),
    _to("items", "item_id", index=True),
    Column("operation", opaque(10), nullable=False),
    Column("key", opaque(200), nullable=False),
    Column("revision_id", BigId, nullable=False),
    Column("state", opaque(10), nullable=False),
    Column("tries", Integer, nullable=False, default=0),
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
    _id(),
    _to("bindings", "binding_id", null=True, index=True),
    _to("items", "item_id", index=True),
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
    _id(),
    _to("bindings", "binding_id"),
    Column("subject", opaque(740), nullable=False),  # "remote:<id>" or "item:<id>"; of a long id its digest
    Column("remote_id", opaque_text(), nullable=False, default=""),
    Column("remote_version", opaque(400), nullable=False, default=""),
    _to("items", "item_id", null=True, index=True),
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
    _id(),
    _to("bindings", "binding_id", null=True, index=True),
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
    _id(),
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
    _id(),
    Column("at", UtcTime, nullable=False),
    Column("actor", words(300), nullable=False),
    Column("text", long_text(), nullable=False),
)
