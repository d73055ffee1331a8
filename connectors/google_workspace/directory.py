"""The company's people and groups, by the Admin SDK's Directory API: asked as an administrator of the domain.

https://developers.google.com/workspace/admin/directory/v1/guides/manage-users and .../manage-group-members
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.capabilities import Person
from connectors.google_workspace.lists import listed
from connectors.google_workspace.transport import Transport
from sync_engine.errors import CollectionGone, NoAccess, NotAuthorised, Rejected

_OURS = "my_customer"  # the company of whoever asks, with all of its domains
_PEOPLE_PAGE, _MEMBERS_PAGE = 500, 200  # the most that one page may hold
_PEOPLE_FIELDS = "kind,nextPageToken,users(primaryEmail,name/fullName,suspended,archived,isMailboxSetup)"
_MEMBER_FIELDS = "kind,nextPageToken,members(email,type,status)"
_EVERYBODY, _USER, _SUSPENDED = "CUSTOMER", "USER", "SUSPENDED"
_ADVICE = (
    "The directory is not open: give the service account the Admin SDK scopes, and set the account's `mailbox` to an "
    "administrator of the domain."
)


class DirectoryReading:
    """Looks into the directory of one company."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def people(self) -> Iterator[Person]:
        """As `connectors.capabilities.Directory`: all who have a mailbox and are not suspended."""
        users = self._transport.admin.users()
        asked = {"customer": _OURS, "maxResults": _PEOPLE_PAGE, "orderBy": "email", "fields": _PEOPLE_FIELDS}
        for one in self._listed(users, asked, "users"):
            yield from _person(one)

    def members(self, group: str) -> Iterator[Person]:
        """As `connectors.capabilities.Directory`; a group may say that everybody of the company is in it."""
        seen: set[str] = set()
        for person in self._members(group):
            if person.address not in seen:
                seen.add(person.address)
                yield person

    def _members(self, group: str) -> Iterator[Person]:
        asked = {"groupKey": group, "includeDerivedMembership": True, "maxResults": _MEMBERS_PAGE}
        members = self._transport.admin.members()
        try:
            for one in self._listed(members, asked | {"fields": _MEMBER_FIELDS}, "members"):
                if one.get("type") == _EVERYBODY:
                    yield from self.people()
                elif one.get("type", _USER) == _USER and one.get("status") != _SUSPENDED and one.get("email"):
                    yield Person(str(one["email"]).lower())
        except CollectionGone as err:
            message = f"There is no group {group} in Google Workspace; check the fan-out's `group`."
            raise Rejected(message, server_said=err.server_said) from err

    def _listed(self, service: Any, asked: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
        """Page by page. Raises NotAuthorised with what to do."""
        try:
            yield from listed(self._transport, service, asked, name)
        except NoAccess as err:
            raise NotAuthorised(_ADVICE, server_said=err.server_said) from err


def _person(one: Mapping[str, Any]) -> Iterator[Person]:
    """Not those who are suspended or archived, or who never got a mailbox."""
    away = one.get("suspended") or one.get("archived") or one.get("isMailboxSetup") is False
    if one.get("primaryEmail") and not away:
        yield Person(str(one["primaryEmail"]).lower(), str((one.get("name") or {}).get("fullName") or ""))
