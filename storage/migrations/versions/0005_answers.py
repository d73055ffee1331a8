"""An answer to held deletions names the deletions that it is about, and programs have tokens for the admin API.

What was held is forgotten: the next cycle lists it anew, with its items. An approval that was not used yet, too.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, UniqueConstraint, text

from storage.columns import BigId, UtcTime, long_text, opaque, words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_FORGET_APPROVALS = {
    "postgresql": "UPDATE bindings SET approved = false WHERE approved",
    "sqlite": "UPDATE bindings SET approved = 0 WHERE approved = 1",
    "mssql": "UPDATE bindings SET approved = 0 WHERE approved = 1",
}


def upgrade() -> None:
    """Create the tables, and the holds anew."""
    op.execute(text(_FORGET_APPROVALS[op.get_context().dialect.name]))
    op.drop_table("holds")
    _holds(Column("item_ids", long_text(), nullable=False))
    op.create_table(
        "hold_answers",
        Column("binding_id", BigId, nullable=False, autoincrement=False),
        Column("side", opaque(10), nullable=False),
        Column("verdict", opaque(10), nullable=False),
        Column("item_ids", long_text(), nullable=False),
        Column("actor", words(300), nullable=False),
        Column("at", UtcTime, nullable=False),
        PrimaryKeyConstraint("binding_id", "side", name="pk_hold_answers"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_hold_answers_binding_id"),
    )
    op.create_table(
        "tokens",
        Column("id", BigId, nullable=False),
        Column("name", words(100), nullable=False),
        Column("access", opaque(10), nullable=False),
        Column("token_hash", opaque(64), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("last_used_at", UtcTime),
        Column("revoked_at", UtcTime),
        PrimaryKeyConstraint("id", name="pk_tokens"),
        UniqueConstraint("token_hash", name="uq_tokens_token_hash"),
    )


def downgrade() -> None:
    """Drop them. An approval that was not used is forgotten: the older version would let everything pass."""
    op.execute(text(_FORGET_APPROVALS[op.get_context().dialect.name]))
    op.drop_table("tokens")
    op.drop_table("hold_answers")
    op.drop_table("holds")
    _holds()


def _holds(*more: Column) -> None:  # type: ignore[type-arg]
    op.create_table(
        "holds",
        Column("binding_id", BigId, nullable=False, autoincrement=False),
        Column("side", opaque(10), nullable=False),
        Column("reason", words(1000), nullable=False),
        Column("samples", long_text(), nullable=False),
        *more,
        Column("count", Integer, nullable=False),
        Column("at", UtcTime, nullable=False),
        PrimaryKeyConstraint("binding_id", "side", name="pk_holds"),
        ForeignKeyConstraint(["binding_id"], ["bindings.id"], name="fk_holds_binding_id"),
    )
