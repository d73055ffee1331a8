"""The Admin SDK's directory: users, groups and members, for administrators.

    google.directory.company.person("root@example.com", admin=True)         # admin_people.Company
    google.directory.company.group("staff@example.com", "ada@example.com", "board@example.com")

Whoever gets an account (`google.give`) in a domain of the company works there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.routing import Route

from tests.servers.google_workspace.admin_people import CUSTOMER, EVERYBODY, Company, OrgGroup, OrgPerson
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler, User
from tests.servers.google_workspace.world import World

Document = dict[str, Any]
_CLAUSE = re.compile(r"(\w+)\s*(:|=)\s*('[^']*'|\S+)")


class Directory:
    """An area of the server. Switch `enabled`: without it the project's Admin SDK API is off."""

    def __init__(self, world: World, *domains: str) -> None:
        self._world = world
        self.company = Company(*(domains or ("example.com",)))
        self.enabled = True
        world.on_new_user(self._welcome)

    def routes(self) -> list[Route]:
        """None."""
        return []

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {
            "directory.users.list": self._users,
            "directory.users.get": self._user,
            "directory.groups.list": self._groups,
            "directory.groups.get": lambda call: Answer(self._told_group(self._group(call))),
            "directory.members.list": self._members,
            "directory.members.hasMember": self._has_member,
        }

    def _welcome(self, user: User) -> None:
        if self.company.is_ours(user.address):
            self.company.person(user.address, user.name)

    # ------------------------------------------------------------ users

    def _users(self, call: Call) -> Answer:
        public = call.text("viewType") == "domain_public"
        self._check(call, public)
        self._check_scope(call)
        passes = _query(call.text("query"))
        shown = [one for one in self.company.people.values() if passes(one) and self._in_domain(call, one.address)]
        shown = [] if call.text("showDeleted") == "true" else shown
        shown = [one for one in shown if not (public and one.suspended)]
        shown.sort(key=lambda one: one.address, reverse=call.text("sortOrder") == "DESCENDING")
        told = [self._told_person(one, public) for one in shown]
        return Answer(self._page(call, "users", told, 100, 500))

    def _user(self, call: Call) -> Answer:
        public = call.text("viewType") == "domain_public"
        self._check(call, public)
        found = self.company.find(call.text("userKey"))
        if found is None:
            raise GoogleError(404, "notFound", "Resource Not Found: userKey")
        return Answer(self._told_person(found, public))

    def _told_person(self, one: OrgPerson, public: bool) -> Document:
        given, _, family = one.name.rpartition(" ")
        names = {"givenName": given or family, "familyName": family if given else "", "fullName": one.name}
        told: Document = {"kind": "admin#directory#user", "id": str(one.number), "etag": f'"{one.number}/{one.name}"'}
        told |= {"primaryEmail": one.address, "name": names}
        if public:
            return told
        told |= {"isAdmin": one.admin, "isDelegatedAdmin": False, "suspended": one.suspended, "archived": one.archived}
        told |= {"isMailboxSetup": one.mailbox, "orgUnitPath": one.unit, "customerId": CUSTOMER}
        told |= {"creationTime": "2026-01-01T08:00:00.000Z", "agreedToTerms": True}
        emails = [{"address": one.address, "primary": True}, *({"address": alias} for alias in one.aliases)]
        return told | {"emails": emails} | ({"aliases": list(one.aliases)} if one.aliases else {})

    # ------------------------------------------------------------ groups

    def _groups(self, call: Call) -> Answer:
        self._check(call)
        user = call.text("userKey")
        if not user:
            self._check_scope(call)
        found = [one for one in self.company.groups.values() if not user or user.lower() in one.members]
        told = [self._told_group(one) for one in found if self._in_domain(call, one.address)]
        return Answer(self._page(call, "groups", told, 200, 200))

    def _told_group(self, one: OrgGroup) -> Document:
        told = {"kind": "admin#directory#group", "id": str(one.number), "etag": f'"{one.number}"', "name": one.name}
        count = sum(address not in self.company.groups for address in one.members)
        return told | {"email": one.address, "directMembersCount": str(count), "adminCreated": True}

    def _members(self, call: Call) -> Answer:
        group = self._group(call)
        roles = set(filter(None, call.text("roles").split(",")))
        found = self.company.members(group, call.yes("includeDerivedMembership"))
        told = [self._told_member(address, role) for address, role in found if not roles or role in roles]
        return Answer(self._page(call, "members", told, 200, 200))

    def _told_member(self, address: str, role: str) -> Document:
        told: Document = {"kind": "admin#directory#member", "etag": f'"{address}"', "role": role}
        if address == EVERYBODY:
            return told | {"id": CUSTOMER, "type": "CUSTOMER"}
        if group := self.company.groups.get(address):
            return told | {"id": str(group.number), "email": address, "type": "GROUP", "status": "ACTIVE"}
        person = self.company.people.get(address)
        number = person.number if person else sum(address.encode())
        told |= {"id": str(number), "email": address, "type": "USER"}
        return told | {"status": "SUSPENDED" if person and person.suspended else "ACTIVE"}

    def _has_member(self, call: Call) -> Answer:
        member = call.text("memberKey").lower()
        return Answer({"isMember": member in dict(self.company.members(self._group(call), True))})

    def _group(self, call: Call) -> OrgGroup:
        self._check(call)
        found = self.company.find_group(call.text("groupKey"))
        if found is None:
            raise GoogleError(404, "notFound", "Resource Not Found: groupKey")
        return found

    # ------------------------------------------------------------ what they share

    def _check(self, call: Call, public: bool = False) -> None:
        """Only administrators may look; anybody of the company at what is public."""
        if not self.enabled:
            text = "Admin SDK API has not been used in project 1 before or it is disabled."
            raise GoogleError(403, "accessNotConfigured", text, domain="usageLimits")
        asking = self.company.people.get(call.user.address)
        if asking is None or not (asking.admin or public):
            raise GoogleError(403, "forbidden", "Not Authorized to access this resource/api")

    def _check_scope(self, call: Call) -> None:
        customer, domain = call.text("customer"), call.text("domain")
        if not customer and not domain:
            raise GoogleError(400, "badRequest", "Bad Request")
        if customer not in {"", "my_customer", CUSTOMER}:
            raise GoogleError(400, "invalid", "Invalid Input: customer")
        if domain and domain not in self.company.domains:
            raise GoogleError(404, "notFound", "Domain not found.")

    def _in_domain(self, call: Call, address: str) -> bool:
        return call.text("domain") in {"", address.rpartition("@")[2]}

    def _page(self, call: Call, name: str, told: list[Document], usual: int, most: int) -> Document:
        switches = self._world.switches
        size = call.number("maxResults", usual, most)
        size = min(size, switches.page_size or size)
        page: Document = {"kind": f"admin#directory#{name}", "etag": '"list"'}
        token = call.text("pageToken")
        if token and not token.removeprefix("~").isdigit():
            raise GoogleError(400, "invalid", "Invalid Input: pageToken", location="pageToken")
        if switches.empty_pages and not token:
            return page | {"nextPageToken": "~0"}
        start = int(token.removeprefix("~") or 0)
        shown = told[start : start + size]
        more = {"nextPageToken": f"~{start + size}"} if start + size < len(told) else {}
        return page | ({name: shown} if shown else {}) | more


def _query(text: str) -> Callable[[OrgPerson], bool]:
    """isSuspended=false email:ada* orgUnitPath='/Sales'. GoogleError for fields that are not built."""
    clauses = [(field, value.strip("'")) for field, _, value in _CLAUSE.findall(text)]
    if text and (not clauses or {field for field, _ in clauses} - {"isSuspended", "email", "orgUnitPath"}):
        raise GoogleError(400, "invalid", "Invalid Input: query")

    def passes(one: OrgPerson) -> bool:
        def fits(field: str, value: str) -> bool:
            if field == "email":
                return one.address.startswith(value.rstrip("*").lower())
            if field == "orgUnitPath":
                return f"{one.unit}/".startswith(f"{value.rstrip('/')}/")
            return str(one.suspended).lower() == value

        return all(fits(field, value) for field, value in clauses)

    return passes
