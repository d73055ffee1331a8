"""Properties that clients keep at the folders of a user, which we do not know: his homes and his principal."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select

from storage.gateway_tables import folder_properties as table

_THIS = (table.c.user_id == bindparam("user"), table.c.area == bindparam("at"))
_KEPT = select(table.c.name, table.c.value).where(*_THIS)
_FORGET = delete(table).where(*_THIS, table.c.name == bindparam("called"))


def folder_properties_of(connection: Connection, user_id: int, area: str) -> dict[str, str]:
    """``{namespace}local`` to XML, with its own element."""
    rows = connection.execute(_KEPT, {"user": user_id, "at": area})
    return {row.name: row.value for row in rows}


def keep_folder_properties(connection: Connection, user_id: int, area: str, values: Mapping[str, str | None]) -> None:
    """Keep these; None removes one."""
    for name, value in values.items():
        connection.execute(_FORGET, {"user": user_id, "at": area, "called": name})
        if value is not None:
            connection.execute(insert(table).values(user_id=user_id, area=area, name=name, value=value))
