"""Groups, roles and rights of users; their mail addresses; tokens that act for a user."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from storage.columns import BigId, UtcTime, long_text, opaque, words

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = (
    "api_answers",
    "audit",
    "groups",
    "roles",
    "group_members",
    "group_roles",
    "role_rights",
    "user_roles",
)


def upgrade() -> None:
    """Create the tables."""
    _api_answers()
    _audit()
    _groups()
    _roles()
    _group_members()
    _group_roles()
    _role_rights()
    _user_roles()
    with op.batch_alter_table("users") as users:
        users.add_column(Column("address", words(320), nullable=False, server_default=""))
    with op.batch_alter_table("tokens") as tokens:
        tokens.add_column(Column("user_id", BigId))
        tokens.create_foreign_key("fk_tokens_user_id", "users", ["user_id"], ["id"])


def downgrade() -> None:
    """Drop them, and with them their data."""
    with op.batch_alter_table("tokens") as tokens:
        tokens.drop_constraint("fk_tokens_user_id", type_="foreignkey")
        tokens.drop_column("user_id")
    with op.batch_alter_table("users") as users:
        users.drop_column("address")
    for table in reversed(_TABLES):
        op.drop_table(table)


def _api_answers() -> None:
    op.create_table(
        "api_answers",
        Column("key", opaque(64), nullable=False),
        Column("asked", opaque(64), nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("answer", long_text(), nullable=False),
        PrimaryKeyConstraint("key", name="pk_api_answers"),
    )
    op.create_index("ix_api_answers_at", "api_answers", ["at"])


def _audit() -> None:
    op.create_table(
        "audit",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("at", UtcTime, nullable=False),
        Column("actor", words(300), nullable=False),
        Column("action", opaque(60), nullable=False),
        Column("object", words(300), nullable=False),
        Column("detail", long_text(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_actor", "audit", ["actor"])
    op.create_index("ix_audit_at", "audit", ["at"])


def _groups() -> None:
    op.create_table(
        "groups",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("name", opaque(100), nullable=False),
        PrimaryKeyConstraint("id", name="pk_groups"),
        UniqueConstraint("name", name="uq_groups_name"),
    )


def _roles() -> None:
    op.create_table(
        "roles",
        Column("id", BigId, nullable=False, autoincrement=True),
        Column("name", opaque(100), nullable=False),
        Column("builtin", Boolean(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_roles"),
        UniqueConstraint("name", name="uq_roles_name"),
    )


def _group_members() -> None:
    op.create_table(
        "group_members",
        Column("group_id", BigId, nullable=False),
        Column("user_id", BigId, nullable=False),
        PrimaryKeyConstraint("group_id", "user_id", name="pk_group_members"),
        ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_group_members_group_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_group_members_user_id"),
    )


def _group_roles() -> None:
    op.create_table(
        "group_roles",
        Column("group_id", BigId, nullable=False),
        Column("role_id", BigId, nullable=False),
        PrimaryKeyConstraint("group_id", "role_id", name="pk_group_roles"),
        ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_group_roles_group_id"),
        ForeignKeyConstraint(["role_id"], ["roles.id"], name="fk_group_roles_role_id"),
    )


def _role_rights() -> None:
    op.create_table(
        "role_rights",
        Column("role_id", BigId, nullable=False),
        Column("action", opaque(60), nullable=False),
        Column("scope", opaque(12), nullable=False),
        PrimaryKeyConstraint("role_id", "action", name="pk_role_rights"),
        ForeignKeyConstraint(["role_id"], ["roles.id"], name="fk_role_rights_role_id"),
    )


def _user_roles() -> None:
    op.create_table(
        "user_roles",
        Column("user_id", BigId, nullable=False),
        Column("role_id", BigId, nullable=False),
        PrimaryKeyConstraint("user_id", "role_id", name="pk_user_roles"),
        ForeignKeyConstraint(["role_id"], ["roles.id"], name="fk_user_roles_role_id"),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_roles_user_id"),
    )
