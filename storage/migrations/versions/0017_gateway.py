"""Delegates, personal properties, files and attachments, push of the gateway, sessions of browsers."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Select,
    String,
    UniqueConstraint,
    column,
    false,
    func,
    select,
    table,
    update,
)

from storage.columns import BigId, UtcTime, long_text, octets, opaque, words

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TABLES = (
    "blobs",
    "blob_parts",
    "file_locks",
    "files",
    "folder_properties",
    "proxies",
    "web_sessions",
    "file_properties",
    "personal_properties",
    "push_registrations",
    "attachments",
)


def upgrade() -> None:
    """Create the tables and columns; private items are known by their class."""
    op.add_column("users", Column("password_hash", words(300), nullable=False, server_default=""))
    op.add_column("users", Column("default_calendar_id", BigId))
    op.add_column("collections", Column("role", opaque(10), nullable=False, server_default=""))
    op.add_column("collections", Column("read_only", Boolean(), nullable=False, server_default=false()))
    op.add_column("collections", Column("transparent", Boolean(), nullable=False, server_default=false()))
    op.add_column("collections", Column("source", long_text(), nullable=False, server_default=""))
    op.add_column("collections", Column("refreshed_at", UtcTime))
    op.add_column("items", Column("schedule_tag", opaque(32), nullable=False, server_default=""))
    op.add_column("items", Column("secret", Boolean(), nullable=False, server_default=false()))
    op.add_column("items", Column("maker_id", BigId))
    _private_items()
    _blobs()
    _blob_parts()
    _file_locks()
    _files()
    _folder_properties()
    _proxies()
    _web_sessions()
    _file_properties()
    _personal_properties()
    _push_registrations()
    _attachments()


def downgrade() -> None:
    """Drop them, and with them their data."""
    for name in reversed(_TABLES):
        op.drop_table(name)
    with op.batch_alter_table("users") as users:
        users.drop_column("password_hash", mssql_drop_default=True)
        users.drop_column("default_calendar_id")
    with op.batch_alter_table("collections") as collections:
        collections.drop_column("role", mssql_drop_default=True)
        collections.drop_column("read_only", mssql_drop_default=True)
        collections.drop_column("transparent", mssql_drop_default=True)
        collections.drop_column("source", mssql_drop_default=True)
        collections.drop_column("refreshed_at")
    with op.batch_alter_table("items") as items:
        items.drop_column("schedule_tag", mssql_drop_default=True)
        items.drop_column("secret", mssql_drop_default=True)
        items.drop_column("maker_id")


def _blobs() -> None:
    op.create_table(
        "blobs",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("size", BigId, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_blobs"),
    )
    op.create_index("ix_blobs_created_at", "blobs", ["created_at"])


def _blob_parts() -> None:
    op.create_table(
        "blob_parts",
        Column("blob_id", BigId, nullable=False),
        Column("number", Integer(), nullable=False),
        Column("content", octets(), nullable=False),
        PrimaryKeyConstraint("blob_id", "number", name="pk_blob_parts"),
        ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_blob_parts_blob_id"),
    )


def _file_locks() -> None:
    op.create_table(
        "file_locks",
        Column("token", opaque(64), nullable=False),
        Column("user_id", BigId, nullable=False),
        Column("path", long_text(), nullable=False),
        Column("deep", Boolean(), nullable=False),
        Column("exclusive", Boolean(), nullable=False),
        Column("owner", long_text(), nullable=False),
        Column("expires_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("token", name="pk_file_locks"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_file_locks_user_id"),
    )
    op.create_index("ix_file_locks_user_id", "file_locks", ["user_id"])


def _files() -> None:
    op.create_table(
        "files",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("user_id", BigId, nullable=False),
        Column("parent_id", BigId, nullable=False),
        Column("name", opaque(400), nullable=False),
        Column("folder", Boolean(), nullable=False),
        Column("media_type", words(200), nullable=False),
        Column("etag", opaque(32), nullable=False),
        Column("size", BigId, nullable=False),
        Column("blob_id", BigId),
        Column("created_at", UtcTime, nullable=False),
        Column("changed_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_files"),
        ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_files_blob_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_files_user_id"),
        UniqueConstraint("user_id", "parent_id", "name", name="uq_files_user_id_parent_id_name"),
    )
    op.create_index("ix_files_blob_id", "files", ["blob_id"])


def _folder_properties() -> None:
    op.create_table(
        "folder_properties",
        Column("user_id", BigId, nullable=False),
        Column("area", opaque(12), nullable=False),
        Column("name", opaque(400), nullable=False),
        Column("value", long_text(), nullable=False),
        PrimaryKeyConstraint("user_id", "area", "name", name="pk_folder_properties"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_folder_properties_user_id"),
    )


def _proxies() -> None:
    op.create_table(
        "proxies",
        Column("user_id", BigId, nullable=False),
        Column("delegate_id", BigId, nullable=False),
        Column("access", opaque(10), nullable=False),
        PrimaryKeyConstraint("user_id", "delegate_id", name="pk_proxies"),
        ForeignKeyConstraint(["delegate_id"], ["users.id"], name="fk_proxies_delegate_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_proxies_user_id"),
    )
    op.create_index("ix_proxies_delegate_id", "proxies", ["delegate_id"])


def _web_sessions() -> None:
    op.create_table(
        "web_sessions",
        Column("token_hash", opaque(64), nullable=False),
        Column("user_id", BigId, nullable=False),
        Column("csrf", opaque(64), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("used_at", UtcTime, nullable=False),
        Column("expires_at", UtcTime, nullable=False),
        Column("client", words(100), nullable=False),
        PrimaryKeyConstraint("token_hash", name="pk_web_sessions"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_web_sessions_user_id"),
    )
    op.create_index("ix_web_sessions_expires_at", "web_sessions", ["expires_at"])
    op.create_index("ix_web_sessions_user_id", "web_sessions", ["user_id"])


def _file_properties() -> None:
    op.create_table(
        "file_properties",
        Column("file_id", BigId, nullable=False),
        Column("name", opaque(400), nullable=False),
        Column("value", long_text(), nullable=False),
        PrimaryKeyConstraint("file_id", "name", name="pk_file_properties"),
        ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_file_properties_file_id"),
    )


def _personal_properties() -> None:
    op.create_table(
        "personal_properties",
        Column("collection_id", BigId, nullable=False),
        Column("user_id", BigId, nullable=False),
        Column("name", opaque(400), nullable=False),
        Column("value", long_text(), nullable=False),
        PrimaryKeyConstraint("collection_id", "user_id", "name", name="pk_personal_properties"),
        ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_personal_properties_collection_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_personal_properties_user_id"),
    )


def _push_registrations() -> None:
    op.create_table(
        "push_registrations",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("registration", opaque(64), nullable=False),
        Column("device_id", BigId, nullable=False),
        Column("collection_id", BigId, nullable=False),
        Column("endpoint", long_text(), nullable=False),
        Column("endpoint_hash", opaque(64), nullable=False),
        Column("sealed", long_text(), nullable=False),
        Column("seq", BigId, nullable=False),
        Column("failures", Integer(), nullable=False),
        Column("retry_at", UtcTime),
        Column("expires_at", UtcTime, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_push_registrations"),
        ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_push_registrations_collection_id"),
        ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_push_registrations_device_id"),
        UniqueConstraint("registration", name="uq_push_registrations_registration"),
        UniqueConstraint("device_id", "collection_id", "endpoint_hash", name="uq_push_registrations_device_endpoint"),
    )
    op.create_index("ix_push_registrations_collection_id", "push_registrations", ["collection_id"])
    op.create_index("ix_push_registrations_device_id", "push_registrations", ["device_id"])
    op.create_index("ix_push_registrations_expires_at", "push_registrations", ["expires_at"])


def _attachments() -> None:
    op.create_table(
        "attachments",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("managed_id", opaque(64), nullable=False),
        Column("item_id", BigId, nullable=False),
        Column("user_id", BigId),
        Column("name", words(300), nullable=False),
        Column("media_type", words(200), nullable=False),
        Column("size", BigId, nullable=False),
        Column("blob_id", BigId, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("dropped_at", UtcTime),
        PrimaryKeyConstraint("id", name="pk_attachments"),
        ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_attachments_blob_id"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_attachments_item_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_attachments_user_id"),
        UniqueConstraint("managed_id", "item_id", name="uq_attachments_managed_id_item_id"),
    )
    op.create_index("ix_attachments_blob_id", "attachments", ["blob_id"])
    op.create_index("ix_attachments_item_id", "attachments", ["item_id"])
    op.create_index("ix_attachments_user_id", "attachments", ["user_id"])


def _private_items() -> None:
    items = table("items", column("id"), column("secret", Boolean()), column("maker_id"))
    events = table("events", column("item_id"), column("classification"))
    users = table("users", column("id"), column("name"))
    private = select(events.c.item_id).where(func.upper(events.c.classification).not_in(("", "PUBLIC")))
    op.execute(update(items).where(items.c.id.in_(private)).values(secret=True))
    if op.get_context().as_sql:
        return
    for number, name in op.get_bind().execute(select(users.c.id, users.c.name)).all():
        mine = items.c.id.in_(_made_by(f"user {name}, "))
        op.execute(update(items).where(items.c.secret, mine).values(maker_id=number))


def _made_by(actor: str) -> Select[Any]:
    """Items whose first version is by an actor of this name: only these can have been private to somebody."""
    revisions = table("revisions", column("id"), column("item_id"), column("role"), column("actor", String()))
    first = select(func.min(revisions.c.id)).where(revisions.c.role != "remote").group_by(revisions.c.item_id)
    return select(revisions.c.item_id).where(
        revisions.c.id.in_(first), revisions.c.actor.startswith(actor, autoescape=True)
    )
