"""Links know what the account's owner is in a meeting, and are found by the UID that an item has at its account."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, column, table, update

from storage.columns import opaque

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LINKS = table("links", column("state", opaque(10)))


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("links", Column("role", opaque(10), nullable=False, server_default=""))
    op.create_index("ix_links_remote_uid", "links", ["remote_uid"])


def downgrade() -> None:
    """Take them away. A guest's copy that is let alone is frozen: older versions write nothing to such a one either."""
    op.execute(update(_LINKS).where(_LINKS.c.state == "left").values(state="frozen"))
    op.drop_index("ix_links_remote_uid", "links")
    op.drop_column("links", "role", mssql_drop_default=True)
