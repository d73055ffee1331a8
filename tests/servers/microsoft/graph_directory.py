"""/users and /groups: the company's people, page by page, with the filters that need no index of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlencode

from tests.servers.microsoft.directory import Directory, Group, Person, Unknown
from tests.servers.microsoft.graph_protocol import Answer, GraphError, Json, pack, selected, unpack

USUAL, MOST = 100, 999
_PATHS = re.compile(
    r"/(users|groups)(?:/([^/]+))?(?:/(members|transitiveMembers)(?:/microsoft\.graph\.(user|group))?)?"
)
_TERM = re.compile(r"(\w+) (eq|ne) ('(?:[^']|'')*'|true|false|null)|(startswith|endswith)\((\w+),\s*'((?:[^']|'')*)'\)")
_USER = "id displayName userPrincipalName mail givenName surname jobTitle officeLocation mobilePhone businessPhones"


def answers(path: str) -> re.Match[str] | None:
    """Is this a path of the directory, not of a mailbox?"""
    found = _PATHS.fullmatch(path)
    return found if found and (found[1] == "groups" or found[3] is None) else None


def answer(
    directory: Directory, where: re.Match[str], url: str, query: dict[str, str], headers: dict[str, str]
) -> Answer:
    """GET of a list, of one, or of a group's members."""
    kind, key, members, only = where.groups()
    if key is None:
        found: Iterable[Person | Group] = (directory.people if kind == "users" else directory.groups).values()
        return _page(url, query, headers, found)
    one = _find(directory, kind, unquote(key))
    if members is None:
        return Answer(200, _shown(one, query))
    assert isinstance(one, Group)
    within = directory.members(one, deep=members == "transitiveMembers")
    wanted = [who for who in within if not only or isinstance(who, Person) == (only == "user")]
    return _page(url, query, headers, wanted)


def _find(directory: Directory, kind: str, key: str) -> Person | Group:
    try:
        found = directory.find(key)
    except Unknown:
        found = None
    if isinstance(found, Person if kind == "users" else Group):
        return found
    raise GraphError(404, "Request_ResourceNotFound", f"Resource '{key}' does not exist.")


def _page(url: str, query: dict[str, str], headers: dict[str, str], found: Iterable[Person | Group]) -> Answer:
    """$top of 1 to 999, 100 if it says nothing; the next page by a link with an opaque token, not $skip."""
    if "$skip" in query:
        raise GraphError(400, "Request_UnsupportedQuery", "'$skip' is not supported by the service.")
    place: Json = unpack(query["$skiptoken"]) if "$skiptoken" in query else {"at": 0, "query": query}
    asked: dict[str, str] = place["query"]
    top = int(asked.get("$top", USUAL))
    if not 1 <= top <= MOST:
        raise GraphError(400, "Request_UnsupportedQuery", "Invalid page size specified: must be between 1 and 999.")
    eventual = headers.get("consistencylevel", "").lower() == "eventual" and asked.get("$count") == "true"
    kept = [one for one in found if _passes(_fields(one), asked.get("$filter", ""), eventual)]
    at = int(place["at"])
    body: Json = {"value": [_shown(one, asked) for one in kept[at : at + top]]}
    if eventual:
        body["@odata.count"] = len(kept)
    if at + top < len(kept):
        body["@odata.nextLink"] = f"{url}?{urlencode({'$skiptoken': pack({'at': at + top, 'query': asked})})}"
    return Answer(200, body)


def _passes(fields: Json, text: str, eventual: bool) -> bool:
    if not text:
        return True
    terms = re.split(r"\s+and\s+", text)
    return all(_holds(fields, term.strip(), eventual) for term in terms)


def _holds(fields: Json, term: str, eventual: bool) -> bool:
    found = _TERM.fullmatch(term)
    if found is None or (found[1] or found[5]) not in fields:
        raise GraphError(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: {term}")
    if found[4]:
        if found[4] == "endswith" and not eventual:
            raise GraphError(400, "Request_UnsupportedQuery", "endswith needs ConsistencyLevel: eventual and $count.")
        value, wanted = str(fields[found[5]] or "").lower(), found[6].replace("''", "'").lower()
        return value.startswith(wanted) if found[4] == "startswith" else value.endswith(wanted)
    if found[2] == "ne" and not eventual:
        raise GraphError(400, "Request_UnsupportedQuery", "ne needs ConsistencyLevel: eventual and $count.")
    same = _plain(fields[found[1]]) == found[3].strip("'").replace("''", "'").lower()
    return same == (found[2] == "eq")


def _plain(value: object) -> str:
    return "null" if value is None else str(value).lower()  # True is "true"


def _fields(one: Person | Group) -> Json:
    """All that is known, which is more than is shown unasked."""
    shown: Json = {"id": one.id, "displayName": one.name, "mail": one.address}
    if isinstance(one, Group):
        return {**shown, "mailEnabled": True, "securityEnabled": False, "groupTypes": [], "description": None}
    usual: Json = dict.fromkeys(_USER.split()) | {"businessPhones": []}
    usual |= {"accountEnabled": True, "userType": "Member", "department": None, "companyName": None}
    return {**usual, **shown, "userPrincipalName": one.address, **one.fields}


def _shown(one: Person | Group, query: dict[str, str]) -> Json:
    kind = "user" if isinstance(one, Person) else "group"
    fields = _fields(one)
    if "$select" in query:
        fields = selected(fields, query["$select"])
    elif kind == "user":
        fields = {name: fields[name] for name in _USER.split()}
    return {"@odata.type": f"#microsoft.graph.{kind}", **fields}
