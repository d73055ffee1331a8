"""A collection as an admin names it: ada/plans, or plans for the company's; a name will do where it is the only one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agendahub.failure import Failure
from agendahub.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.admin_lists import CollectionRow


def named_collection(connection: Connection, words: str) -> CollectionRow:
    """The one that is meant. Raises `Failure` for none and for several."""
    from storage.admin_lists import collections

    rows = collections(connection)
    owner, slash, last = words.partition("/")
    his = [row for row in rows if slash and row.owner == owner]
    exact = [row for row in his if row.slug == last] or [row for row in his if row.name == last]
    found = exact or [row for row in rows if words in (row.slug, row.name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Failure(_("There is no collection {name}; `agendahub collections` shows them all.").format(name=words))
    named = ", ".join(sorted(address_of(row) for row in found))
    raise Failure(_("{name} may be one of these, say which: {them}").format(name=words, them=named))


def address_of(row: CollectionRow) -> str:
    """How an admin names it."""
    return f"{row.owner}/{row.slug}" if row.owner else row.slug


def name_and_owner(connection: Connection, words: str, owner: str) -> tuple[str, str]:
    """Name and owner that an import or export means. Raises `Failure`.

    "ada/plans" is ada's and never made as a company's collection of that name: everybody would read her file.
    """
    from storage.admin_lists import collections
    from storage.admin_people import find_user

    first, slash, _last = words.partition("/")
    known = any((row.name, row.owner) == (words, "") for row in collections(connection))
    if owner or not slash or known or find_user(connection, first) is None:
        return words, owner
    row = named_collection(connection, words)
    return row.name, row.owner
