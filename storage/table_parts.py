"""What all tables share: the metadata with its names for indexes and keys, and the columns that many of them have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData

from storage.columns import BigId

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> Column[Any]:
    """The number of a row."""
    return Column("id", BigId, primary_key=True, autoincrement=True)


def to(table: str, name: str, *, null: bool = False, index: bool = False) -> Column[Any]:
    """A reference."""
    return Column(name, BigId, ForeignKey(f"{table}.id"), nullable=null, index=index)


def item_key() -> Column[Any]:
    """Of a table with one row for an item."""
    return Column("item_id", BigId, ForeignKey("items.id"), primary_key=True, autoincrement=False)
