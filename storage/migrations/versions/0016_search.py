"""Full text of customer requests: an index on PostgreSQL, a table of FTS5 on SQLite; SQL Server reads the words."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from storage.columns import BigId, long_text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_POSTGRESQL = (
    # The words are ours (crm/request/words.py): no parser of the database cuts them otherwise than the other ones do.
    "ALTER TABLE request_texts ADD COLUMN request_words tsvector"
    " GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array(words, ' '), ''))) STORED",
    # Gives what it gets. Its cost tells the planner that to read the words of row after row is dear, so that it goes
    # through the newest requests for a word that many have, and to the index for one that few have.
    "CREATE FUNCTION request_words(tsvector) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000"
    " AS 'BEGIN RETURN $1; END'",
    "CREATE INDEX request_words ON request_texts USING gin (request_words(request_words)) WITH (fastupdate = off)",
)
_SQLITE = (
    "CREATE VIRTUAL TABLE request_words USING fts5"
    "(words, content='request_texts', content_rowid='request_id', tokenize='ascii', detail=none, prefix='3 4')",
    "CREATE TRIGGER request_words_added AFTER INSERT ON request_texts BEGIN"
    " INSERT INTO request_words (rowid, words) VALUES (new.request_id, new.words); END",
    "CREATE TRIGGER request_words_gone AFTER DELETE ON request_texts BEGIN"
    " INSERT INTO request_words (request_words, rowid, words) VALUES ('delete', old.request_id, old.words); END",
    "CREATE TRIGGER request_words_changed AFTER UPDATE OF words, request_id ON request_texts BEGIN"
    " INSERT INTO request_words (request_words, rowid, words) VALUES ('delete', old.request_id, old.words);"
    " INSERT INTO request_words (rowid, words) VALUES (new.request_id, new.words); END",
)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "request_texts",
        Column("request_id", BigId, nullable=False),
        Column("words", long_text(), nullable=False),
        Column("upto", BigId, nullable=False),
        PrimaryKeyConstraint("request_id", name="pk_request_texts"),
        ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_texts_request_id"),
    )
    for statement in {"postgresql": _POSTGRESQL, "sqlite": _SQLITE}.get(op.get_context().dialect.name, ()):
        op.execute(statement)


def downgrade() -> None:
    """Drop them. The words can be made anew from the messages."""
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE request_words")
    op.drop_table("request_texts")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION request_words(tsvector)")
