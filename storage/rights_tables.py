"""Who may do what, and who did."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table

from storage.columns import BigId, UtcTime, long_text, opaque, words
from storage.table_parts import key, metadata

groups = Table(
    "groups",
    metadata,
    key(),
    Column("name", opaque(100), nullable=False, unique=True),
)

group_members = Table(
    "group_members",
    metadata,
    Column("group_id", BigId, ForeignKey("groups.id"), primary_key=True, autoincrement=False),
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
)

roles = Table(  # administrator, supervisor, operator, client; and what an admin adds
    "roles",
    metadata,
    key(),
    Column("name", opaque(100), nullable=False, unique=True),
    Column("builtin", Boolean, nullable=False, default=False),
)

role_rights = Table(
    "role_rights",
    metadata,
    Column("role_id", BigId, ForeignKey("roles.id"), primary_key=True, autoincrement=False),
    Column("action", opaque(60), primary_key=True),  # request.read, request.close ... (crm/rights.py)
    Column("scope", opaque(12), nullable=False),  # all, group, own, part
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("role_id", BigId, ForeignKey("roles.id"), primary_key=True, autoincrement=False),
)

group_roles = Table(
    "group_roles",
    metadata,
    Column("group_id", BigId, ForeignKey("groups.id"), primary_key=True, autoincrement=False),
    Column("role_id", BigId, ForeignKey("roles.id"), primary_key=True, autoincrement=False),
)

audit = Table(
    "audit",
    metadata,
    key(),
    Column("at", UtcTime, nullable=False, index=True),
    Column("actor", words(300), nullable=False, index=True),
    Column("action", opaque(60), nullable=False),
    Column("object", words(300), nullable=False, default=""),  # "request R-2026-17", "user ada"
    Column("detail", long_text(), nullable=False, default=""),
)

api_answers = Table(  # what the API answered to requests that carried an Idempotency-Key, for a day
    "api_answers",
    metadata,
    Column("key", opaque(64), primary_key=True),  # SHA-256 of the token and the key that was sent
    Column("asked", opaque(64), nullable=False),  # SHA-256 of method, address and body
    Column("at", UtcTime, nullable=False, index=True),
    Column("answer", long_text(), nullable=False),  # JSON
)
