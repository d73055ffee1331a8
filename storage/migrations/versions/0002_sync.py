"""Sync: accounts, bindings, links, the outbox, and what a person may have to look at.

Types come from storage.columns, whose meaning never changes: what needs another type gets another function there.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
)

from storage.columns import BigId, UtcTime, long_text, opaque, words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "accounts",
    "secrets",
    "bindings",
    "holds",
    "links",
    "intents",
    "conflicts",
    "quarantine",
    "runs",
    "config_history",
)


def upgrade() -> None:
    """Create the tables."""
    _accounts()
    _bindings()
    _links()
    _cases()
    _records()


def downgrade() -> None:
    """Drop them, and with them their data."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _accounts() -> None:
    op.create_table(
        "accounts",
        Column("id", BigId, nullable=False),
        Column("name", opaque(100), nullable=False),
        Column("state", opaque(20), nullable=False),
        Column("detail", words(1000), nullable=False),
        Column("since", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_accounts"),
        UniqueConstraint("name", name="uq_accounts_name"),
    )
    op.create_table(
        "secrets",
        Column("id", BigId, nullable=False),
        Column("name", opaque(200), nullable=False),
        Column("ciphertext", long_text(), nullable=False),
        Column("changed_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_secrets"),
        UniqueConstraint("name", name="uq_secrets_name"),
    )


def _bindings() -> None:
    op.create_table(
        "bindings",
        Column("id", BigId, nullable=False),
        Column("name", opaque(100), nullable=False),
        Column("account_id", BigId, nullable=False),
        Column("collection_id", BigId, nullable=False),
        Column("remote_id", opaque(1000), nullable=False),
        Column("cursor", long_text()),
        Column("hub_cursor", BigId, nullable=False),
        Column("approved", Boolean, nullable=False),
        Column("paused", Boolean, nullable=False),
        Column("last_started_at", UtcTime),
        Column("last_ok_at", UtcTime),
        Column("last_error", words(2000), nullable=False),
        Column("last_change_in_at", UtcTime),
        Column("last_change_out_at", UtcTime),
        PrimaryKeyConstraint("id", name="pk_bindings"),
        ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_bindings_account_id"),
        ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_bindings_collection_id"),
        UniqueConstraint("name", name="uq_bindings_name"),
    )
    op.create_index("ix_bindings_collection_id", "bindings", ["collection_id"])
    op.create_table(
        "holds",
        Column("binding_id", BigId, nullable=False, autoincrement=False),
        Column("side", opaque(10), nullable=False),
        Column("reason", words(1000), nullable=False),
        Column("samples", long_text(), nullable=False),
        Column("count", Integer, nullable=False),
        Column("at", UtcTime, nullable=False),
        PrimaryKeyConstraint("binding_id", "side", name="pk_holds"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_holds_binding_id"),
    )


def _links() -> None:
    op.create_table(
        "links",
        Column("id", BigId, nullable=False),
        Column("binding_id", BigId, nullable=False),
        Column("item_id", BigId, nullable=False),
        Column("remote_id", opaque(700), nullable=False),
        Column("remote_version", opaque(400), nullable=False),
        Column("remote_uid", opaque(700), nullable=False),
        Column("base_revision", BigId, nullable=False),
        Column("echo_revision", BigId),
        Column("state", opaque(10), nullable=False),
        Column("pushed_at", UtcTime),
        Column("missing_since", UtcTime),
        Column("window_start", UtcTime),
        Column("window_writes", Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_links"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_links_binding_id"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_links_item_id"),
        UniqueConstraint("binding_id", "item_id", name="uq_links_binding_id_item_id"),
        UniqueConstraint("binding_id", "remote_id", name="uq_links_binding_id_remote_id"),
    )
    op.create_index("ix_links_base_revision", "links", ["base_revision"])
    op.create_index("ix_links_binding_state", "links", ["binding_id", "state"])
    op.create_index("ix_links_item_id", "links", ["item_id"])
    op.create_table(
        "intents",
        Column("id", BigId, nullable=False),
        Column("binding_id", BigId, nullable=False),
        Column("item_id", BigId, nullable=False),
        Column("operation", opaque(10), nullable=False),
        Column("key", opaque(200), nullable=False),
        Column("revision_id", BigId, nullable=False),
        Column("state", opaque(10), nullable=False),
        Column("tries", Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_intents"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_intents_binding_id"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_intents_item_id"),
        UniqueConstraint("binding_id", "item_id", name="uq_intents_binding_id_item_id"),
    )
    op.create_index("ix_intents_binding_state", "intents", ["binding_id", "state"])
    op.create_index("ix_intents_item_id", "intents", ["item_id"])


def _cases() -> None:
    op.create_table(
        "conflicts",
        Column("id", BigId, nullable=False),
        Column("binding_id", BigId),
        Column("item_id", BigId, nullable=False),
        Column("fields", long_text(), nullable=False),
        Column("hub_revision", BigId, nullable=False),
        Column("remote_revision", BigId, nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("resolved_at", UtcTime),
        Column("resolution", words(200), nullable=False),
        PrimaryKeyConstraint("id", name="pk_conflicts"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_conflicts_binding_id"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_conflicts_item_id"),
    )
    op.create_index("ix_conflicts_binding_id", "conflicts", ["binding_id"])
    op.create_index("ix_conflicts_item_id", "conflicts", ["item_id"])
    op.create_index("ix_conflicts_resolved_at", "conflicts", ["resolved_at"])
    op.create_table(
        "quarantine",
        Column("id", BigId, nullable=False),
        Column("binding_id", BigId, nullable=False),
        Column("subject", opaque(740), nullable=False),
        Column("remote_id", opaque(700), nullable=False),
        Column("remote_version", opaque(400), nullable=False),
        Column("item_id", BigId),
        Column("uid", opaque(700), nullable=False),
        Column("operation", opaque(20), nullable=False),
        Column("title", words(400), nullable=False),
        Column("starts", words(50), nullable=False),
        Column("message", words(2000), nullable=False),
        Column("server_said", words(2000), nullable=False),
        Column("raw", long_text(), nullable=False),
        Column("first_at", UtcTime, nullable=False),
        Column("last_at", UtcTime, nullable=False),
        Column("tries", Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_quarantine"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_quarantine_binding_id"),
        ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_quarantine_item_id"),
        UniqueConstraint("binding_id", "subject", name="uq_quarantine_binding_id_subject"),
    )
    op.create_index("ix_quarantine_binding_uid", "quarantine", ["binding_id", "uid"])
    op.create_index("ix_quarantine_item_id", "quarantine", ["item_id"])


def _records() -> None:
    op.create_table(
        "runs",
        Column("id", BigId, nullable=False),
        Column("binding_id", BigId),
        Column("started_at", UtcTime, nullable=False),
        Column("finished_at", UtcTime),
        Column("outcome", opaque(20), nullable=False),
        Column("counts", long_text(), nullable=False),
        Column("message", words(2000), nullable=False),
        Column("seconds", Float),
        PrimaryKeyConstraint("id", name="pk_runs"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_runs_binding_id"),
    )
    op.create_index("ix_runs_binding_id", "runs", ["binding_id"])
    op.create_index("ix_runs_started_at", "runs", ["started_at"])
    op.create_table(
        "config_history",
        Column("id", BigId, nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("actor", words(300), nullable=False),
        Column("text", long_text(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_config_history"),
    )
