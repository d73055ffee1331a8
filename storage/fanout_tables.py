"""What is remembered of fan-outs: one hub collection in a folder of each of many mailboxes."""

from __future__ import annotations

from sqlalchemy import Column, Table

from storage.columns import UtcTime, opaque, words
from storage.table_parts import metadata

fanouts = Table(
    "fanouts",
    metadata,
    Column("name", opaque(100), primary_key=True),
    Column("refreshed_at", UtcTime),  # when the directory last told who is in it, and was believed
    Column("problem", words(2000), nullable=False, default=""),  # why it was not believed since
)

fanout_members = Table(
    "fanout_members",
    metadata,
    Column("fanout", opaque(100), primary_key=True),  # its name
    Column("address", opaque(320), primary_key=True),  # of the mailbox, in small letters
    Column("state", opaque(10), nullable=False),  # active, left
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("folder_made_at", UtcTime),  # null: the folder is to be looked for by its name, and made if need be
)
