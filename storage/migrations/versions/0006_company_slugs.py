"""Two collections of the company never have one address.

That needs an index of its own, as SQLite and PostgreSQL take no two empty owners for equal.
Where there are such collections already, the older one keeps its address, and the other one gets another.
"""

from __future__ import annotations

from itertools import count

from alembic import op
from sqlalchemy import BigInteger, Connection, column, func, select, table, text, update

from storage.columns import UtcTime, opaque

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INDEX = "uq_collections_company_slug"
_WHERE = text("owner_id IS NULL AND deleted_at IS NULL")
_COLLECTIONS = table(
    "collections",
    column("id", BigInteger),
    column("slug", opaque(200)),
    column("owner_id", BigInteger),
    column("deleted_at", UtcTime),
)
_COMPANY = (_COLLECTIONS.c.owner_id.is_(None), _COLLECTIONS.c.deleted_at.is_(None))


def upgrade() -> None:
    """Part what shares an address, then forbid it."""
    if not op.get_context().as_sql:
        _part(op.get_bind())
    op.create_index(
        _INDEX,
        "collections",
        ["slug"],
        unique=True,
        sqlite_where=_WHERE,
        postgresql_where=_WHERE,
        mssql_where=_WHERE,
    )


def downgrade() -> None:
    """Allow it again; addresses stay as they are."""
    op.drop_index(_INDEX, "collections")


def _part(connection: Connection) -> None:
    shared = select(_COLLECTIONS.c.slug).where(*_COMPANY).group_by(_COLLECTIONS.c.slug).having(func.count() > 1)
    for slug in connection.execute(shared).scalars().all():
        same = select(_COLLECTIONS.c.id).where(*_COMPANY, _COLLECTIONS.c.slug == slug).order_by(_COLLECTIONS.c.id)
        for number in connection.execute(same).scalars().all()[1:]:
            new = _free(connection, slug)
            connection.execute(update(_COLLECTIONS).where(_COLLECTIONS.c.id == number).values(slug=new))


def _free(connection: Connection, slug: str) -> str:
    taken = set(connection.execute(select(_COLLECTIONS.c.slug).where(*_COMPANY)).scalars())
    return next(new for n in count(2) if (new := f"{slug[:190]}-{n}") not in taken)
