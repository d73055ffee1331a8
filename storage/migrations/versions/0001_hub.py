"""The hub: people, collections, items and what people query.

Types come from storage.columns, whose meaning never changes: what needs another type gets another function there.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)

from storage.columns import BigId, UtcTime, long_text, opaque, words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "users",
    "devices",
    "collections",
    "collection_properties",
    "grants",
    "items",
    "revisions",
    "contacts",
    "contact_emails",
    "contact_phones",
    "contact_addresses",
    "events",
    "event_attendees",
    "tasks",
)


def upgrade() -> None:
    """Create the tables."""
    _people()
    _collections()
    _items()
    _contacts()
    _agenda()


def downgrade() -> None:
    """Drop them, and with them their data."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "users",
        Column("id", BigId, nullable=False),
        Column("name", opaque(100), nullable=False),
        Column("display_name", words(200), nullable=False),
        Column("blocked", Boolean, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_users"),
        UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "devices",
        Column("id", BigId, nullable=False),
        Column("user_id", BigId, nullable=False),
        Column("name", words(100), nullable=False),
        Column("token_hash", opaque(64), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("last_used_at", UtcTime),
        Column("revoked_at", UtcTime),
        PrimaryKeyConstraint("id", name="pk_devices"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_devices_user_id"),
        UniqueConstraint("token_hash", name="uq_devices_token_hash"),
    )
    op.create_index("ix_devices_user_id", "devices", ["user_id"])


def _collections() -> None:
    op.create_table(
        "collections",
        Column("id", BigId, nullable=False),
        Column("slug", opaque(200), nullable=False),
        Column("owner_id", BigId),
        Column("name", words(200), nullable=False),
        Column("kinds", opaque(50), nullable=False),
        Column("description", long_text(), nullable=False),
        Column("color", opaque(20), nullable=False),
        Column("sort_order", Integer, nullable=False),
        Column("timezone", long_text(), nullable=False),
        Column("epoch", opaque(32), nullable=False),
        Column("seq", BigId, nullable=False),
        Column("floor", BigId, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("deleted_at", UtcTime),
        PrimaryKeyConstraint("id", name="pk_collections"),
        ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_collections_owner_id"),
    )
    op.create_index("ix_collections_owner_id", "collections", ["owner_id"])
    op.create_index(
        "uq_collections_owner_slug",
        "collections",
        ["owner_id", "slug"],
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
        mssql_where=text("deleted_at IS NULL"),
    )
    op.create_table(
        "collection_properties",
        Column("collection_id", BigId, nullable=False, autoincrement=False),
        Column("name", opaque(400), nullable=False),
        Column("value", long_text(), nullable=False),
        PrimaryKeyConstraint("collection_id", "name", name="pk_collection_properties"),
        ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_collection_properties_collection_id"),
    )
    op.create_table(
        "grants",
        Column("collection_id", BigId, nullable=False, autoincrement=False),
        Column("user_id", BigId, nullable=False, autoincrement=False),
        Column("access", opaque(10), nullable=False),
        PrimaryKeyConstraint("collection_id", "user_id", name="pk_grants"),
        ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_grants_collection_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_grants_user_id"),
    )


def _items() -> None:
    op.create_table(
        "items",
        Column("id", BigId, nullable=False),
        Column("collection_id", BigId, nullable=False),
        Column("kind", opaque(10), nullable=False),
        Column("uid", opaque(700), nullable=False),
        Column("href", opaque(700), nullable=False),
        Column("etag", opaque(32), nullable=False),
        Column("size", Integer, nullable=False),
        Column("revision_id", BigId, nullable=False),
        Column("seq", BigId, nullable=False),
        Column("deleted", Boolean, nullable=False),
        Column("fingerprint", opaque(32), nullable=False),
        Column("range_start", UtcTime),
        Column("range_end", UtcTime),
        Column("created_at", UtcTime, nullable=False),
        Column("changed_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_items"),
        ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_items_collection_id"),
        UniqueConstraint("collection_id", "href", name="uq_items_collection_id_href"),
    )
    op.create_index("ix_items_collection_fingerprint", "items", ["collection_id", "fingerprint"])
    op.create_index("ix_items_collection_range", "items", ["collection_id", "range_start", "range_end"])
    op.create_index("ix_items_collection_seq", "items", ["collection_id", "seq"])
    op.create_index("ix_items_collection_uid", "items", ["collection_id", "uid"])
    op.create_index(
        "uq_items_live_uid",
        "items",
        ["collection_id", "uid"],
        unique=True,
        sqlite_where=text("deleted = 0"),
        postgresql_where=text("NOT deleted"),
        mssql_where=text("deleted = 0"),
    )
    op.create_table(
        "revisions",
        Column("id", BigId, nullable=False),
        Column("item_id", BigId, nullable=False),
        Column("text", long_text(), nullable=False),
        Column("digest", opaque(32), nullable=False),
        Column("role", opaque(10), nullable=False),
        Column("actor", words(300), nullable=False),
        Column("run_id", BigId),
        Column("at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_revisions"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_revisions_item_id"),
    )
    op.create_index("ix_revisions_at", "revisions", ["at"])
    op.create_index("ix_revisions_item_id", "revisions", ["item_id"])
    op.create_index("ix_revisions_run_id", "revisions", ["run_id"])


def _contacts() -> None:
    op.create_table(
        "contacts",
        Column("item_id", BigId, nullable=False, autoincrement=False),
        Column("full_name", words(400), nullable=False),
        Column("family_name", words(200), nullable=False),
        Column("given_name", words(200), nullable=False),
        Column("organization", words(400), nullable=False),
        Column("title", words(200), nullable=False),
        Column("birthday", words(50), nullable=False),
        Column("categories", words(1000), nullable=False),
        Column("note", long_text(), nullable=False),
        Column("has_photo", Boolean, nullable=False),
        PrimaryKeyConstraint("item_id", name="pk_contacts"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_contacts_item_id"),
    )
    op.create_index("ix_contacts_full_name", "contacts", ["full_name"])
    op.create_index("ix_contacts_organization", "contacts", ["organization"])
    op.create_table(
        "contact_emails",
        Column("id", BigId, nullable=False),
        Column("item_id", BigId, nullable=False),
        Column("address", words(320), nullable=False),
        Column("types", words(100), nullable=False),
        PrimaryKeyConstraint("id", name="pk_contact_emails"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_contact_emails_item_id"),
    )
    op.create_index("ix_contact_emails_address", "contact_emails", ["address"])
    op.create_index("ix_contact_emails_item_id", "contact_emails", ["item_id"])
    op.create_table(
        "contact_phones",
        Column("id", BigId, nullable=False),
        Column("item_id", BigId, nullable=False),
        Column("number", words(100), nullable=False),
        Column("digits", opaque(40), nullable=False),
        Column("types", words(100), nullable=False),
        PrimaryKeyConstraint("id", name="pk_contact_phones"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_contact_phones_item_id"),
    )
    op.create_index("ix_contact_phones_digits", "contact_phones", ["digits"])
    op.create_index("ix_contact_phones_item_id", "contact_phones", ["item_id"])
    op.create_table(
        "contact_addresses",
        Column("id", BigId, nullable=False),
        Column("item_id", BigId, nullable=False),
        Column("street", words(400), nullable=False),
        Column("city", words(200), nullable=False),
        Column("region", words(200), nullable=False),
        Column("postal_code", words(50), nullable=False),
        Column("country", words(100), nullable=False),
        Column("types", words(100), nullable=False),
        PrimaryKeyConstraint("id", name="pk_contact_addresses"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_contact_addresses_item_id"),
    )
    op.create_index("ix_contact_addresses_item_id", "contact_addresses", ["item_id"])


def _agenda() -> None:
    op.create_table(
        "events",
        Column("item_id", BigId, nullable=False, autoincrement=False),
        Column("summary", words(1000), nullable=False),
        Column("location", words(1000), nullable=False),
        Column("starts_at", UtcTime),
        Column("ends_at", UtcTime),
        Column("all_day", Boolean, nullable=False),
        Column("zone", words(200), nullable=False),
        Column("recurring", Boolean, nullable=False),
        Column("status", words(30), nullable=False),
        Column("classification", words(30), nullable=False),
        Column("organizer", words(320), nullable=False),
        PrimaryKeyConstraint("item_id", name="pk_events"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_events_item_id"),
    )
    op.create_index("ix_events_starts_at", "events", ["starts_at"])
    op.create_table(
        "event_attendees",
        Column("id", BigId, nullable=False),
        Column("item_id", BigId, nullable=False),
        Column("address", words(320), nullable=False),
        Column("name", words(200), nullable=False),
        Column("status", words(30), nullable=False),
        PrimaryKeyConstraint("id", name="pk_event_attendees"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_event_attendees_item_id"),
    )
    op.create_index("ix_event_attendees_address", "event_attendees", ["address"])
    op.create_index("ix_event_attendees_item_id", "event_attendees", ["item_id"])
    op.create_table(
        "tasks",
        Column("item_id", BigId, nullable=False, autoincrement=False),
        Column("summary", words(1000), nullable=False),
        Column("starts_at", UtcTime),
        Column("due_at", UtcTime),
        Column("completed_at", UtcTime),
        Column("status", words(30), nullable=False),
        Column("percent_complete", Integer),
        PrimaryKeyConstraint("item_id", name="pk_tasks"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_tasks_item_id"),
    )
    op.create_index("ix_tasks_due_at", "tasks", ["due_at"])
