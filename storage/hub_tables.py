"""People, collections and items, and the tables that repeat what people search for."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint, false, text

from storage.columns import BigId, UtcTime, long_text, opaque, words
from storage.table_parts import item_key, key, metadata, to

# ---------------------------------------------------------------- people and devices

users = Table(
    "users",
    metadata,
    key(),
    Column("name", opaque(100), nullable=False, unique=True),
    Column("display_name", words(200), nullable=False, default=""),
    Column("address", words(320), nullable=False, default="", server_default=""),  # of mail, lower case
    Column("blocked", Boolean, nullable=False, default=False),
    Column("password_hash", words(300), nullable=False, default="", server_default=""),  # argon2id, of the web pages
    Column("default_calendar_id", BigId),  # invitations arrive there (no foreign key: the tables point at each other)
    Column("created_at", UtcTime, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    key(),
    to("users", "user_id", index=True),
    Column("name", words(100), nullable=False),
    Column("token_hash", opaque(64), nullable=False, unique=True),  # of the app password, which is shown once
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

tokens = Table(  # of programs that use the API
    "tokens",
    metadata,
    key(),
    to("users", "user_id", null=True),  # for whom it acts; null: an admin's program
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
    key(),
    Column("slug", opaque(200), nullable=False),  # the last part of its URL
    to("users", "owner_id", null=True, index=True),  # null: the company's, seen by every user
    Column("name", words(200), nullable=False),
    Column("kinds", opaque(50), nullable=False),  # "contact", "event", "task" or "event,task"
    Column("description", long_text(), nullable=False, default=""),
    Column("color", opaque(20), nullable=False, default=""),
    Column("sort_order", Integer, nullable=False, default=0),
    Column("timezone", long_text(), nullable=False, default=""),  # a VTIMEZONE, for floating times
    Column("epoch", opaque(32), nullable=False),  # new for each creation: tokens of an older one are worthless
    Column("seq", BigId, nullable=False, default=0),  # number of the newest change, given under a row lock
    Column("floor", BigId, nullable=False, default=0),  # changes up to here are forgotten (purged tombstones)
    Column("role", opaque(10), nullable=False, default="", server_default=""),  # "inbox": a user's inbox of invitations
    Column("read_only", Boolean, nullable=False, default=False, server_default=false()),  # for phones and programs
    Column("transparent", Boolean, nullable=False, default=False, server_default=false()),  # not in free/busy
    Column("source", long_text(), nullable=False, default="", server_default=""),  # subscribed: the feed it repeats
    Column("refreshed_at", UtcTime),  # the feed was read last
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
    key(),
    to("collections", "collection_id"),
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
    Column("schedule_tag", opaque(32), nullable=False, default="", server_default=""),  # RFC 6638 3.2.10
    Column("secret", Boolean, nullable=False, default=False, server_default=false()),  # private: others see "busy"
    Column("maker_id", BigId),  # the user who made it; null: nobody of ours
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
    key(),
    to("items", "item_id", index=True),
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
    item_key(),
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
    key(),
    to("items", "item_id", index=True),
    Column("address", words(320), nullable=False, index=True),  # lower case
    Column("types", words(100), nullable=False),
)

contact_phones = Table(
    "contact_phones",
    metadata,
    key(),
    to("items", "item_id", index=True),
    Column("number", words(100), nullable=False),  # as written
    Column("digits", opaque(40), nullable=False, index=True),  # + and digits only
    Column("types", words(100), nullable=False),
)

contact_addresses = Table(
    "contact_addresses",
    metadata,
    key(),
    to("items", "item_id", index=True),
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
    item_key(),
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
    key(),
    to("items", "item_id", index=True),
    Column("address", words(320), nullable=False, index=True),
    Column("name", words(200), nullable=False),
    Column("status", words(30), nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    item_key(),
    Column("summary", words(1000), nullable=False),
    Column("starts_at", UtcTime),
    Column("due_at", UtcTime, index=True),
    Column("completed_at", UtcTime),
    Column("status", words(30), nullable=False),
    Column("percent_complete", Integer),
)
