"""Customer requests."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, UniqueConstraint

from storage.columns import BigId, UtcTime, long_text, opaque, words

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = (
    "number_series",
    "request_types",
    "statuses",
    "requests",
    "request_history",
    "request_links",
    "request_notes",
    "request_people",
    "request_tags",
    "request_viewers",
)


def upgrade() -> None:
    """Create the tables."""
    _number_series()
    _request_types()
    _statuses()
    _requests()
    _request_history()
    _request_links()
    _request_notes()
    _request_people()
    _request_tags()
    _request_viewers()


def downgrade() -> None:
    """Drop them, and with them their data."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _number_series() -> None:
    op.create_table(
        "number_series",
        Column("name", opaque(40), nullable=False),
        Column("last", BigId, nullable=False),
        PrimaryKeyConstraint("name", name="pk_number_series"),
    )


def _request_types() -> None:
    op.create_table(
        "request_types",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("name", opaque(100), nullable=False),
        Column("position", Integer(), nullable=False),
        Column("weight", Integer(), nullable=False),
        Column("archived", Boolean(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_request_types"),
        UniqueConstraint("name", name="uq_request_types_name"),
    )


def _statuses() -> None:
    op.create_table(
        "statuses",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("name", opaque(100), nullable=False),
        Column("position", Integer(), nullable=False),
        Column("meaning", opaque(20), nullable=False),
        Column("color", opaque(20), nullable=False),
        Column("archived", Boolean(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_statuses"),
        UniqueConstraint("name", name="uq_statuses_name"),
    )


def _requests() -> None:
    op.create_table(
        "requests",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("number", opaque(40), nullable=False),
        Column("subject", words(1000), nullable=False),
        Column("type_id", BigId, nullable=False),
        Column("status_id", BigId, nullable=False),
        Column("responsible_id", BigId),
        Column("customer_id", BigId),
        Column("customer_state", opaque(12), nullable=False),
        Column("customer_name", words(400), nullable=False),
        Column("customer_address", words(320), nullable=False),
        Column("weight", Integer(), nullable=False),
        Column("priority", Integer(), nullable=False),
        Column("effort", Integer(), nullable=False),
        Column("objectives", long_text(), nullable=False),
        Column("acceptance", long_text(), nullable=False),
        Column("mailbox", opaque(100), nullable=False),
        Column("is_open", Boolean(), nullable=False),
        Column("spam", Boolean(), nullable=False),
        Column("rank", BigId, nullable=False),
        Column("version", Integer(), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("changed_at", UtcTime, nullable=False),
        Column("last_message_at", UtcTime),
        Column("first_answer_at", UtcTime),
        Column("completed_at", UtcTime),
        Column("closed_at", UtcTime),
        Column("closed_by", words(300), nullable=False),
        Column("reopened", Integer(), nullable=False),
        Column("merged_into_id", BigId),
        PrimaryKeyConstraint("id", name="pk_requests"),
        ForeignKeyConstraint(["merged_into_id"], ["requests.id"], name="fk_requests_merged_into_id"),
        ForeignKeyConstraint(["responsible_id"], ["users.id"], name="fk_requests_responsible_id"),
        ForeignKeyConstraint(["status_id"], ["statuses.id"], name="fk_requests_status_id"),
        ForeignKeyConstraint(["type_id"], ["request_types.id"], name="fk_requests_type_id"),
        UniqueConstraint("number", name="uq_requests_number"),
    )
    op.create_index("ix_requests_changed_at", "requests", ["changed_at", "id"])
    op.create_index(
        "ix_requests_counts",
        "requests",
        ["is_open", "spam", "status_id", "type_id", "responsible_id", "merged_into_id", "id"],
    )
    op.create_index("ix_requests_customer_address", "requests", ["customer_address"])
    op.create_index("ix_requests_customer_id", "requests", ["customer_id"])
    op.create_index("ix_requests_open_changed_at", "requests", ["is_open", "spam", "changed_at", "id"])
    op.create_index(
        "ix_requests_open_status_rank", "requests", ["is_open", "spam", "status_id", "rank", "id", "responsible_id"]
    )
    op.create_index("ix_requests_open_weight", "requests", ["is_open", "spam", "weight", "id"])
    op.create_index(
        "ix_requests_responsible_changed_at", "requests", ["responsible_id", "is_open", "spam", "changed_at", "id"]
    )


def _request_history() -> None:
    op.create_table(
        "request_history",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("request_id", BigId, nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("actor", words(300), nullable=False),
        Column("action", opaque(40), nullable=False),
        Column("field", opaque(40), nullable=False),
        Column("before", long_text(), nullable=False),
        Column("after", long_text(), nullable=False),
        Column("reason", words(1000), nullable=False),
        PrimaryKeyConstraint("id", name="pk_request_history"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_history_request_id"),
    )
    op.create_index("ix_request_history_at", "request_history", ["at"])
    op.create_index("ix_request_history_request_id", "request_history", ["request_id"])


def _request_links() -> None:
    op.create_table(
        "request_links",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("request_id", BigId, nullable=False),
        Column("other_id", BigId, nullable=False),
        Column("kind", opaque(20), nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("actor", words(300), nullable=False),
        PrimaryKeyConstraint("id", name="pk_request_links"),
        ForeignKeyConstraint(["other_id"], ["requests.id"], name="fk_request_links_other_id"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_links_request_id"),
        UniqueConstraint("request_id", "other_id", "kind", name="uq_request_links_request_id_other_id_kind"),
    )
    op.create_index("ix_request_links_other_id", "request_links", ["other_id"])
    op.create_index("ix_request_links_request_id", "request_links", ["request_id"])


def _request_notes() -> None:
    op.create_table(
        "request_notes",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("request_id", BigId, nullable=False),
        Column("user_id", BigId),
        Column("author", words(300), nullable=False),
        Column("text", long_text(), nullable=False),
        Column("at", UtcTime, nullable=False),
        PrimaryKeyConstraint("id", name="pk_request_notes"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_notes_request_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_request_notes_user_id"),
    )
    op.create_index("ix_request_notes_request_id", "request_notes", ["request_id"])


def _request_people() -> None:
    op.create_table(
        "request_people",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("request_id", BigId, nullable=False),
        Column("address", opaque(320), nullable=False),
        Column("name", words(200), nullable=False),
        Column("role", opaque(12), nullable=False),
        PrimaryKeyConstraint("id", name="pk_request_people"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_people_request_id"),
        UniqueConstraint("request_id", "address", name="uq_request_people_request_id_address"),
    )
    op.create_index("ix_request_people_address", "request_people", ["address"])


def _request_tags() -> None:
    op.create_table(
        "request_tags",
        Column("request_id", BigId, nullable=False),
        Column("tag", opaque(100), nullable=False),
        PrimaryKeyConstraint("request_id", "tag", name="pk_request_tags"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_tags_request_id"),
    )
    op.create_index("ix_request_tags_tag", "request_tags", ["tag"])


def _request_viewers() -> None:
    op.create_table(
        "request_viewers",
        Column("request_id", BigId, nullable=False),
        Column("user_id", BigId, nullable=False),
        Column("doing", opaque(12), nullable=False),
        Column("until", UtcTime, nullable=False),
        PrimaryKeyConstraint("request_id", "user_id", name="pk_request_viewers"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_viewers_request_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_request_viewers_user_id"),
    )
