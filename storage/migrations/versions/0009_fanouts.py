"""Fan-outs: who got a hub collection into a folder of his mailbox, and how the last look into the directory went."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint

from storage.columns import UtcTime, opaque, words

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "fanouts",
        Column("name", opaque(100), nullable=False),
        Column("refreshed_at", UtcTime),
        Column("problem", words(2000), nullable=False),
        PrimaryKeyConstraint("name", name="pk_fanouts"),
    )
    op.create_table(
        "fanout_members",
        Column("fanout", opaque(100), nullable=False),
        Column("address", opaque(320), nullable=False),
        Column("state", opaque(10), nullable=False),
        Column("first_seen", UtcTime, nullable=False),
        Column("last_seen", UtcTime, nullable=False),
        Column("folder_made_at", UtcTime),
        PrimaryKeyConstraint("fanout", "address", name="pk_fanout_members"),
    )


def downgrade() -> None:
    """Drop them; the folders in the mailboxes stay, and are found by their names again."""
    op.drop_table("fanout_members")
    op.drop_table("fanouts")
