"""Work on requests: activities, documents, sales, reviews, invitations."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, UniqueConstraint

from storage.columns import BigId, UtcTime, long_text, opaque, words

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLES = (
    "activities",
    "agenda_follow",
    "documents",
    "invitations",
    "reviews",
    "document_lines",
    "sales",
)


def upgrade() -> None:
    """Create the tables."""
    _activities()
    _agenda_follow()
    _documents()
    _invitations()
    _reviews()
    _document_lines()
    _sales()


def downgrade() -> None:
    """Drop them, and with them their data."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _activities() -> None:
    op.create_table(
        "activities",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("request_id", BigId),
        Column("kind", opaque(20), nullable=False),
        Column("title", words(1000), nullable=False),
        Column("text", long_text(), nullable=False),
        Column("assigned_id", BigId),
        Column("state", opaque(12), nullable=False),
        Column("starts_at", UtcTime),
        Column("ends_at", UtcTime),
        Column("zone", opaque(100), nullable=False),
        Column("all_day", Boolean(), nullable=False),
        Column("minutes_planned", Integer()),
        Column("minutes_done", Integer()),
        Column("done_at", UtcTime),
        Column("result", long_text(), nullable=False),
        Column("item_id", BigId),
        Column("revision_id", BigId),
        Column("created_at", UtcTime, nullable=False),
        Column("created_by", words(300), nullable=False),
        Column("changed_at", UtcTime, nullable=False),
        Column("changed_by", words(300), nullable=False),
        Column("version", Integer(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_activities"),
        ForeignKeyConstraint(["assigned_id"], ["users.id"], name="fk_activities_assigned_id"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_activities_request_id"),
    )
    op.create_index("ix_activities_assigned_id", "activities", ["assigned_id"])
    op.create_index("ix_activities_item_id", "activities", ["item_id"])
    op.create_index("ix_activities_request_id", "activities", ["request_id"])
    op.create_index("ix_activities_starts_at", "activities", ["starts_at"])
    op.create_index("ix_activities_state_starts_at", "activities", ["state", "starts_at"])


def _agenda_follow() -> None:
    op.create_table(
        "agenda_follow",
        Column("collection_id", BigId, nullable=False),
        Column("seq", BigId, nullable=False),
        PrimaryKeyConstraint("collection_id", name="pk_agenda_follow"),
        ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_agenda_follow_collection_id"),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("kind", opaque(12), nullable=False),
        Column("number", opaque(40), nullable=False),
        Column("request_id", BigId, nullable=False),
        Column("status_id", BigId),
        Column("title", words(1000), nullable=False),
        Column("text", long_text(), nullable=False),
        Column("currency", opaque(3), nullable=False),
        Column("net_cents", BigId, nullable=False),
        Column("tax_cents", BigId, nullable=False),
        Column("total_cents", BigId, nullable=False),
        Column("valid_until", UtcTime),
        Column("activity_id", BigId),
        Column("created_at", UtcTime, nullable=False),
        Column("created_by", words(300), nullable=False),
        PrimaryKeyConstraint("id", name="pk_documents"),
        ForeignKeyConstraint(["activity_id"], ["activities.id"], name="fk_documents_activity_id"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_documents_request_id"),
        ForeignKeyConstraint(["status_id"], ["statuses.id"], name="fk_documents_status_id"),
        UniqueConstraint("number", name="uq_documents_number"),
    )
    op.create_index("ix_documents_request_id", "documents", ["request_id"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("message_id", BigId, nullable=False),
        Column("request_id", BigId),
        Column("method", opaque(20), nullable=False),
        Column("uid", opaque(700), nullable=False),
        Column("occurrence", opaque(40), nullable=False),
        Column("sequence", Integer(), nullable=False),
        Column("stamped_at", UtcTime),
        Column("organizer", words(320), nullable=False),
        Column("attendee", words(320), nullable=False),
        Column("summary", words(1000), nullable=False),
        Column("starts_at", UtcTime),
        Column("item_id", BigId),
        Column("state", opaque(20), nullable=False),
        Column("reason", words(1000), nullable=False),
        Column("answered_at", UtcTime),
        Column("answered_by", words(300), nullable=False),
        PrimaryKeyConstraint("id", name="pk_invitations"),
        ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_invitations_message_id"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_invitations_request_id"),
    )
    op.create_index("ix_invitations_item_id", "invitations", ["item_id"])
    op.create_index("ix_invitations_message_id", "invitations", ["message_id"])
    op.create_index("ix_invitations_request_id", "invitations", ["request_id"])
    op.create_index("ix_invitations_uid", "invitations", ["uid"])


def _reviews() -> None:
    op.create_table(
        "reviews",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("request_id", BigId, nullable=False),
        Column("activity_id", BigId),
        Column("effective", Integer()),
        Column("efficient", Integer()),
        Column("text", long_text(), nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("author", words(300), nullable=False),
        PrimaryKeyConstraint("id", name="pk_reviews"),
        ForeignKeyConstraint(["activity_id"], ["activities.id"], name="fk_reviews_activity_id"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_reviews_request_id"),
    )
    op.create_index("ix_reviews_request_id", "reviews", ["request_id"])


def _document_lines() -> None:
    op.create_table(
        "document_lines",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("document_id", BigId, nullable=False),
        Column("position", Integer(), nullable=False),
        Column("text", words(1000), nullable=False),
        Column("quantity_thousandths", BigId, nullable=False),
        Column("unit", words(40), nullable=False),
        Column("price_cents", BigId, nullable=False),
        Column("discount_basis_points", Integer(), nullable=False),
        Column("tax_basis_points", Integer(), nullable=False),
        Column("net_cents", BigId, nullable=False),
        PrimaryKeyConstraint("id", name="pk_document_lines"),
        ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_document_lines_document_id"),
    )
    op.create_index("ix_document_lines_document_id", "document_lines", ["document_id"])


def _sales() -> None:
    op.create_table(
        "sales",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("request_id", BigId),
        Column("document_id", BigId),
        Column("activity_id", BigId),
        Column("kind", opaque(12), nullable=False),
        Column("text", words(1000), nullable=False),
        Column("sold_at", UtcTime, nullable=False),
        Column("quantity_thousandths", BigId, nullable=False),
        Column("net_cents", BigId, nullable=False),
        Column("currency", opaque(3), nullable=False),
        Column("customer_id", BigId),
        Column("customer_name", words(400), nullable=False),
        Column("user_id", BigId),
        Column("created_at", UtcTime, nullable=False),
        Column("created_by", words(300), nullable=False),
        PrimaryKeyConstraint("id", name="pk_sales"),
        ForeignKeyConstraint(["activity_id"], ["activities.id"], name="fk_sales_activity_id"),
        ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_sales_document_id"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_sales_request_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sales_user_id"),
    )
    op.create_index("ix_sales_customer_id", "sales", ["customer_id"])
    op.create_index("ix_sales_request_id", "sales", ["request_id"])
    op.create_index("ix_sales_sold_at", "sales", ["sold_at"])
