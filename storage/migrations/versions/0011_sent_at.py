"""A write that was sent knows when: a system's reads may not show it for a while."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column

from storage.columns import UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of writes that are in doubt now it is not known."""
    op.add_column("intents", Column("sent_at", UtcTime))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("intents", "sent_at")
