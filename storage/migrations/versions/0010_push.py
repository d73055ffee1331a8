"""Subscriptions to changes at other systems, and how it is with the hints that they give."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from storage.columns import BigId, UtcTime, opaque, words

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "push_subscriptions",
        Column("binding_id", BigId, nullable=False, autoincrement=False),
        Column("remote_id", opaque(1000), nullable=False),
        Column("subscription_id", opaque(200), nullable=False),
        Column("address", opaque(500), nullable=False),
        Column("address_hash", opaque(64), nullable=False),
        Column("secret_hash", opaque(64), nullable=False),
        Column("began_at", UtcTime, nullable=False),
        Column("expires_at", UtcTime, nullable=False),
        PrimaryKeyConstraint("binding_id", name="pk_push_subscriptions"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_push_subscriptions_binding_id"),
        UniqueConstraint("address_hash", name="uq_push_subscriptions_address_hash"),
    )
    op.create_table(
        "push_states",
        Column("account_id", BigId, nullable=False, autoincrement=False),
        Column("state", opaque(20), nullable=False),
        Column("detail", words(1000), nullable=False),
        Column("since", UtcTime, nullable=False),
        PrimaryKeyConstraint("account_id", name="pk_push_states"),
        ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_push_states_account_id"),
    )


def downgrade() -> None:
    """Drop them; subscriptions end by themselves."""
    op.drop_table("push_states")
    op.drop_table("push_subscriptions")
