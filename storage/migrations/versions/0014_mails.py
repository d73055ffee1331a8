"""Mails of requests: received, quarantined, to be sent."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, UniqueConstraint

from storage.columns import BigId, UtcTime, long_text, octets, opaque, opaque_text, words

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLES = (
    "canned_replies",
    "intake_rules",
    "mail_cursors",
    "mail_quarantine",
    "mail_raws",
    "messages",
    "bounced_addresses",
    "message_addresses",
    "message_files",
    "message_references",
    "outgoing",
    "receipts",
)


def upgrade() -> None:
    """Create the tables."""
    _canned_replies()
    _intake_rules()
    _mail_cursors()
    _mail_quarantine()
    _mail_raws()
    _messages()
    _bounced_addresses()
    _message_addresses()
    _message_files()
    _message_references()
    _outgoing()
    _receipts()


def downgrade() -> None:
    """Drop them, and with them their data."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _canned_replies() -> None:
    op.create_table(
        "canned_replies",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("name", opaque(200), nullable=False),
        Column("subject", words(1000), nullable=False),
        Column("body", long_text(), nullable=False),
        Column("position", Integer(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_canned_replies"),
        UniqueConstraint("name", name="uq_canned_replies_name"),
    )


def _intake_rules() -> None:
    op.create_table(
        "intake_rules",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("position", Integer(), nullable=False),
        Column("name", opaque(200), nullable=False),
        Column("enabled", Boolean(), nullable=False),
        Column("conditions", long_text(), nullable=False),
        Column("actions", long_text(), nullable=False),
        Column("changed_at", UtcTime, nullable=False),
        Column("changed_by", words(300), nullable=False),
        PrimaryKeyConstraint("id", name="pk_intake_rules"),
        UniqueConstraint("name", name="uq_intake_rules_name"),
    )


def _mail_cursors() -> None:
    op.create_table(
        "mail_cursors",
        Column("mailbox", opaque(100), nullable=False),
        Column("folder", opaque(300), nullable=False),
        Column("cursor", opaque_text()),
        Column("started_at", UtcTime, nullable=False),
        Column("looked_at", UtcTime),
        Column("problem", words(2000), nullable=False),
        PrimaryKeyConstraint("mailbox", "folder", name="pk_mail_cursors"),
    )


def _mail_quarantine() -> None:
    op.create_table(
        "mail_quarantine",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("mailbox", opaque(100), nullable=False),
        Column("folder", opaque(300), nullable=False),
        Column("remote_id", opaque(700), nullable=False),
        Column("raw_digest", opaque(64), nullable=False),
        Column("size", BigId, nullable=False),
        Column("reason", words(2000), nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("resolved_at", UtcTime),
        PrimaryKeyConstraint("id", name="pk_mail_quarantine"),
    )


def _mail_raws() -> None:
    op.create_table(
        "mail_raws",
        Column("digest", opaque(64), nullable=False),
        Column("size", BigId, nullable=False),
        Column("packed", octets(), nullable=False),
        Column("at", UtcTime, nullable=False),
        PrimaryKeyConstraint("digest", name="pk_mail_raws"),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("key", opaque(80), nullable=False),
        Column("request_id", BigId),
        Column("direction", opaque(10), nullable=False),
        Column("automatic", opaque(30), nullable=False),
        Column("message_id", opaque_text(), nullable=False),
        Column("id_hash", opaque(64), nullable=False),
        Column("subject", words(1000), nullable=False),
        Column("from_address", words(320), nullable=False),
        Column("from_name", words(200), nullable=False),
        Column("verified", Boolean(), nullable=False),
        Column("authentication", words(1000), nullable=False),
        Column("forwarded_by", words(320), nullable=False),
        Column("sent_at", UtcTime),
        Column("received_at", UtcTime, nullable=False),
        Column("text", long_text(), nullable=False),
        Column("raw_digest", opaque(64), nullable=False),
        Column("size", BigId, nullable=False),
        Column("bounce_of_id", BigId),
        Column("user_id", BigId),
        Column("state", opaque(20), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_messages"),
        ForeignKeyConstraint(["bounce_of_id"], ["messages.id"], name="fk_messages_bounce_of_id"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_messages_request_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_messages_user_id"),
        UniqueConstraint("key", name="uq_messages_key"),
    )
    op.create_index("ix_messages_from_address", "messages", ["from_address"])
    op.create_index("ix_messages_id_hash", "messages", ["id_hash"])
    op.create_index("ix_messages_raw_digest", "messages", ["raw_digest"])
    op.create_index("ix_messages_request_id", "messages", ["request_id"])


def _bounced_addresses() -> None:
    op.create_table(
        "bounced_addresses",
        Column("address", opaque(320), nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("permanent", Boolean(), nullable=False),
        Column("reason", words(1000), nullable=False),
        Column("message_id", BigId),
        PrimaryKeyConstraint("address", name="pk_bounced_addresses"),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_bounced_addresses_message_id"),
    )


def _message_addresses() -> None:
    op.create_table(
        "message_addresses",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("message_id", BigId, nullable=False),
        Column("role", opaque(10), nullable=False),
        Column("address", words(320), nullable=False),
        Column("name", words(200), nullable=False),
        PrimaryKeyConstraint("id", name="pk_message_addresses"),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_message_addresses_message_id"),
    )
    op.create_index("ix_message_addresses_address", "message_addresses", ["address"])
    op.create_index("ix_message_addresses_message_id", "message_addresses", ["message_id"])


def _message_files() -> None:
    op.create_table(
        "message_files",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("message_id", BigId, nullable=False),
        Column("number", Integer(), nullable=False),
        Column("name", words(400), nullable=False),
        Column("media_type", opaque(200), nullable=False),
        Column("size", BigId, nullable=False),
        Column("content_id", opaque_text(), nullable=False),
        Column("inline", Boolean(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_message_files"),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_message_files_message_id"),
    )
    op.create_index("ix_message_files_message_id", "message_files", ["message_id"])


def _message_references() -> None:
    op.create_table(
        "message_references",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("message_id", BigId, nullable=False),
        Column("position", Integer(), nullable=False),
        Column("id_hash", opaque(64), nullable=False),
        PrimaryKeyConstraint("id", name="pk_message_references"),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_message_references_message_id"),
    )
    op.create_index("ix_message_references_id_hash", "message_references", ["id_hash"])
    op.create_index("ix_message_references_message_id", "message_references", ["message_id"])


def _outgoing() -> None:
    op.create_table(
        "outgoing",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("message_id", BigId, nullable=False),
        Column("mailbox", opaque(100), nullable=False),
        Column("state", opaque(20), nullable=False),
        Column("sender", words(320), nullable=False),
        Column("recipients", long_text(), nullable=False),
        Column("automatic", Boolean(), nullable=False),
        Column("tries", Integer(), nullable=False),
        Column("next_at", UtcTime),
        Column("started_at", UtcTime),
        Column("sent_at", UtcTime),
        Column("error", words(2000), nullable=False),
        PrimaryKeyConstraint("id", name="pk_outgoing"),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_outgoing_message_id"),
        UniqueConstraint("message_id", name="uq_outgoing_message_id"),
    )
    op.create_index("ix_outgoing_state_next_at", "outgoing", ["state", "next_at"])


def _receipts() -> None:
    op.create_table(
        "receipts",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("message_id", BigId),
        Column("mailbox", opaque(100), nullable=False),
        Column("folder", opaque(300), nullable=False),
        Column("remote_id", opaque(700), nullable=False),
        Column("remote_key", opaque(64), nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("settled_at", UtcTime),
        Column("quarantine_id", BigId),
        PrimaryKeyConstraint("id", name="pk_receipts"),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_receipts_message_id"),
        ForeignKeyConstraint(["quarantine_id"], ["mail_quarantine.id"], name="fk_receipts_quarantine_id"),
        UniqueConstraint("mailbox", "remote_key", name="uq_receipts_mailbox_remote_key"),
    )
    op.create_index("ix_receipts_mailbox_settled_at", "receipts", ["mailbox", "settled_at"])
    op.create_index("ix_receipts_message_id", "receipts", ["message_id"])
