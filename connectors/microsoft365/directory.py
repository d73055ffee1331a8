"""The company's people and groups, by Graph (application permissions User.Read.All and GroupMember.Read.All)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from connectors.capabilities import Person
from connectors.microsoft365.feed import pages
from connectors.microsoft365.transport import Transport
from sync_engine.errors import Rejected

_FIELDS = "$select=id,displayName,mail,userType,accountEnabled&$top=999"
_USER = "#microsoft.graph.user"


class DirectoryReading:
    """Looks into the directory of one tenant."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def people(self) -> Iterator[Person]:
        """As `connectors.capabilities.Directory`: all who can sign in and have an address; no guests."""
        for one in self._listed(f"/users?{_FIELDS}"):
            if one.get("accountEnabled") is not False:
                yield from _person(one)

    def members(self, group: str) -> Iterator[Person]:
        """As `connectors.capabilities.Directory`."""
        name = quote(group.replace("'", "''"), safe="@'")
        found = list(self._listed(f"/groups?$filter=mail eq '{name}'&$select=id,displayName"))
        if len(found) != 1:
            raise Rejected(f"There is no group with the address {group} in Microsoft 365; check the fan-out's `group`.")
        within = f"/groups/{quote(str(found[0]['id']), safe='')}/transitiveMembers?{_FIELDS}"
        for one in self._listed(within):
            if one.get("@odata.type", _USER) == _USER:
                yield from _person(one)

    def _listed(self, path: str) -> Iterator[Mapping[str, Any]]:
        return (one for page in pages(self._transport, path) for one in page)


def _person(one: Mapping[str, Any]) -> Iterator[Person]:
    """People without a mailbox have no address, guests one of another company."""
    if one.get("mail") and one.get("userType") != "Guest":
        yield Person(str(one["mail"]).lower(), str(one.get("displayName") or ""))
