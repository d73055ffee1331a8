"""Privileges and who has them, as XML (RFC 3744 5.3, 5.5)."""

from __future__ import annotations

from collections.abc import Iterable

from dav_gateway.elements import href
from dav_gateway.privileges import READ, WRITE

_OF_WRITE = {
    "write-content": "Change what is there",
    "write-properties": "Change properties",
    "bind": "Add",
    "unbind": "Delete",
}
_OF_OWNERS = {
    "read-acl": "Know with whom it is shared",
    "write-acl": "Say with whom it is shared",
    "share": "Share it",
}
_OF_READ = {"read-current-user-privilege-set": "Know what one may do"}

_OF_DELIVERY = {
    "schedule-deliver-invite": "Invitations",
    "schedule-deliver-reply": "Answers",
    "schedule-query-freebusy": "Questions for busy times",
}
_OF_SENDING = {
    "schedule-send-invite": "Invitations",
    "schedule-send-reply": "Answers",
    "schedule-send-freebusy": "Questions for busy times",
}


def _privilege(name: str, description: str, inner: str = "", *, abstract: bool = False) -> str:
    marked = "<D:abstract/>" if abstract else ""
    said = f'<D:description xml:lang="en">{description}</D:description>'
    return f"<D:supported-privilege><D:privilege>{name}</D:privilege>{marked}{said}{inner}</D:supported-privilege>"


def _each(names: dict[str, str]) -> str:
    return "".join(_privilege(f"<D:{name}/>", description) for name, description in names.items())


def _scheduling(names: dict[str, str]) -> str:
    return "".join(_privilege(f"<C:{name}/>", description) for name, description in names.items())


SUPPORTED_PRIVILEGES = _privilege(
    "<D:all/>",
    "Everything",
    _privilege("<D:read/>", "Read", _each(_OF_READ) + _privilege("<C:read-free-busy/>", "See busy times"))
    + _privilege("<D:write/>", "Change", _each(_OF_WRITE))
    + _each(_OF_OWNERS)
    + _privilege("<C:schedule-deliver/>", "Bring messages into an inbox", _scheduling(_OF_DELIVERY))
    + _privilege("<C:schedule-send/>", "Send messages from an outbox", _scheduling(_OF_SENDING)),
    abstract=True,
)
RESTRICTIONS = "<D:grant-only/><D:no-invert/>"

OWNER = "<D:property><D:owner/></D:property>"
EVERYBODY = "<D:authenticated/>"


def entry(principal: str, access: str, *, protected: bool = True) -> str:
    """What one principal (XML) may do: "read" or "write". Of a protected one clients cannot say otherwise."""
    granted = WRITE if access == "write" else READ
    mark = "<D:protected/>" if protected else ""
    return f"<D:ace><D:principal>{principal}</D:principal><D:grant>{granted}</D:grant>{mark}</D:ace>"


def entries_of(paths: Iterable[tuple[str, str]], *, protected: bool) -> str:
    """Entries of people, by the paths of their principals, and what they may do."""
    return "".join(entry(href(path), access, protected=protected) for path, access in paths)
