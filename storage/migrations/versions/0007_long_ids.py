"""The quarantine holds ids of remote items of any length: those that are too long for a link wait there."""

from __future__ import annotations

from alembic import op
from sqlalchemy import column, func, table, update

from storage.columns import opaque, opaque_text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LONGEST = 700
_QUARANTINE = table("quarantine", column("remote_id", opaque_text()))


def upgrade() -> None:
    """Let it be longer."""
    with op.batch_alter_table("quarantine") as batch:
        batch.alter_column("remote_id", type_=opaque_text(), existing_type=opaque(_LONGEST), existing_nullable=False)


def downgrade() -> None:
    """Entries about such items stay, without the id; the next listing brings it to light again."""
    too_long = func.char_length(_QUARANTINE.c.remote_id) > _LONGEST
    op.execute(update(_QUARANTINE).where(too_long).values(remote_id=""))
    with op.batch_alter_table("quarantine") as batch:
        batch.alter_column("remote_id", type_=opaque(_LONGEST), existing_type=opaque_text(), existing_nullable=False)
