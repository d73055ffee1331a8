"""Bindings know when their change feed was last proven to tell of changes, and what was wrong with it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column

from storage.columns import UtcTime, words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("bindings", Column("feed_checked_at", UtcTime, nullable=True))
    op.add_column("bindings", Column("feed_problem", words(1000), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("bindings", "feed_problem")
    op.drop_column("bindings", "feed_checked_at")
