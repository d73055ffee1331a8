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
_MEMBER_FIELDS = "kind,nextPageToken,members(email,type)"
_EVERYBODY = "CUSTOMER"  # the type of the member that stands for all
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
        """As `connectors.capabilities.Directory`; a group may say that everybody of the company is in it.

        Only people of the company: a group may have strangers in it, whose mailboxes nobody here can open.
        """
        inside = set(self._addresses(group))
        yield from (person for person in self.people() if person.address in inside or _EVERYBODY in inside)

    def _addresses(self, group: str) -> Iterator[str]:
        """In small letters; those of groups in it too, which are no people; or `_EVERYBODY`."""
        asked = {"groupKey": group, "includeDerivedMembership": True, "maxResults": _MEMBERS_PAGE}
        members = self._transport.admin.members()
        try:
            for one in self._listed(members, asked | {"fields": _MEMBER_FIELDS}, "members"):
                yield _EVERYBODY if one.get("type") == _EVERYBODY else str(one.get("email") or "").lower()
        except CollectionGone as err:
            message = f"There is no group {group} in Google Workspace; check the fan-out's `group`."
            raise Rejected(message, server_said=err.server_said) from err

    def _listed(self, service: Any, asked: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
        """Page by page. Raises NotAuthorised with what to do."""
        try:
            yield from listed(self._transport, service, asked, name)
        except NoAccess as err:
            raise NotAuthorised(_ADVICE, server_said=err.server_said or str(err)) from err


def _person(one: Mapping[str, Any]) -> Iterator[Person]:
    """Not those who are suspended or archived, or who never got a mailbox."""
    away = one.get("suspended") or one.get("archived") or one.get("isMailboxSetup") is False
    if one.get("primaryEmail") and not away:
        yield Person(str(one["primaryEmail"]).lower(), str((one.get("name") or {}).get("fullName") or ""))
