"""What the search of customer requests reads."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from storage.columns import BigId, long_text
from storage.table_parts import metadata

# Over `words` PostgreSQL has a column and an index for full text, and SQLite a table that triggers keep up. Their names
# begin with request_words, and they stand in migration 0016 alone.
request_texts = Table(
    "request_texts",
    metadata,
    Column("request_id", BigId, ForeignKey("requests.id"), primary_key=True, autoincrement=False),
    Column("words", long_text(), nullable=False),  # a blank, then each word once, in lower case, with a blank after it
    Column("upto", BigId, nullable=False, default=0),  # messages.id: the newest whose words are in
)
