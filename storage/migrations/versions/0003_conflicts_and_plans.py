"""Conflicts know what both sides had agreed on and who resolved them; plans that were applied are remembered."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, UniqueConstraint

from storage.columns import BigId, UtcTime, opaque, words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("conflicts", Column("base_revision", BigId, nullable=True))
    op.add_column("conflicts", Column("resolved_by", words(300), nullable=True))
    op.create_table(
        "plans",
        Column("id", BigId, nullable=False),
        Column("plan", opaque(64), nullable=False),
        Column("binding", opaque(100), nullable=False),
        Column("actor", words(300), nullable=False),
        Column("begun_at", UtcTime, nullable=False),
        Column("finished_at", UtcTime),
        PrimaryKeyConstraint("id", name="pk_plans"),
        UniqueConstraint("binding", "plan", name="uq_plans_binding_plan"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("plans")
    op.drop_column("conflicts", "resolved_by")
    op.drop_column("conflicts", "base_revision")
