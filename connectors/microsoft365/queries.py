"""What is asked for: the properties of each kind, our own ones and those that Graph has no name for."""

from __future__ import annotations

from urllib.parse import quote

from connectors.described import properties
from connectors.microsoft365.extended import EXTENDED, HAS_PICTURE, KEY, PARENT, UID, UNFINISHED
from connectors.microsoft365.mapping_contacts import CONTACT_TABLE
from connectors.microsoft365.mapping_events import EVENT_TABLE
from sync_engine.model import Kind

EXTENSION = "org.agendahub.item"
"""The open extension of a To Do task, which has no extended properties: its uid and key."""
_OWN = (UID, KEY, UNFINISHED)
_PLAIN = "(),'$=/:"
_EVENT_SELECT = (
    *(name for name in properties(EVENT_TABLE) if " " not in name),
    *("id", "changeKey", "type", "iCalUId", "seriesMasterId", "isOrganizer", "isCancelled", "responseStatus"),
    *("createdDateTime", "originalStartTimeZone", "originalEndTimeZone"),
)
_SERIES_SELECT = (*_EVENT_SELECT, "cancelledOccurrences", "exceptionOccurrences")


def _expanded(table: tuple[str, ...]) -> str:
    wanted = " or ".join(f"id eq '{name}'" for name in dict.fromkeys(table))
    return f"{EXTENDED}($filter={wanted})"


def _query(**options: str) -> str:
    return "?" + "&".join(f"${name}={quote(value, safe=_PLAIN)}" for name, value in options.items() if value)


_CONTACT_EXPAND = _expanded((*(name for name in properties(CONTACT_TABLE) if " " in name), *_OWN, HAS_PICTURE))
_EVENT_EXPAND = _expanded((*(name for name in properties(EVENT_TABLE) if " " in name), *_OWN, PARENT))
_TASK_EXPAND = f"extensions($filter=id eq '{EXTENSION}')"

READ = {
    Kind.CONTACT: _query(expand=_CONTACT_EXPAND),
    Kind.EVENT: _query(select=",".join(_SERIES_SELECT), expand=f"{_EVENT_EXPAND},exceptionOccurrences"),
    Kind.TASK: _query(expand=_TASK_EXPAND),
}
"""To read one item; only so a series tells of its exceptions and cancelled occurrences."""
_TOP = {Kind.CONTACT: "250", Kind.EVENT: "250", Kind.TASK: "100"}
LIST = {
    Kind.CONTACT: _query(top=_TOP[Kind.CONTACT], expand=_CONTACT_EXPAND),
    Kind.EVENT: _query(top=_TOP[Kind.EVENT], select=",".join(_EVENT_SELECT), expand=_EVENT_EXPAND),
    Kind.TASK: _query(top=_TOP[Kind.TASK], expand=_TASK_EXPAND),
}
"""To read many in one request."""
FOLDER_OF_ONE = {
    Kind.CONTACT: _query(top="1", select="id,parentFolderId"),
    Kind.EVENT: _query(top="1", select="id", expand=_expanded((PARENT,))),
}
"""To learn which folder a collection is."""
VERSIONS = _query(top="999", select="id,changeKey,type")
"""To learn which events there are, and their versions."""
LOOK = _query(select="id,changeKey,isOrganizer,attendees,exceptionOccurrences", expand="exceptionOccurrences")
"""Before a write that could mail somebody."""
REST_OF_EXCEPTIONS = "exceptionOccurrences@odata.nextLink"
"""Where a series is told without all of its exceptions."""


def filtered(kind: Kind, condition: str) -> str:
    """Those items that fit, with all their properties."""
    return LIST[kind] + "&$filter=" + quote(condition, safe=_PLAIN)


def has_property(property_id: str, value: str) -> str:
    """The condition that an item has an extended property of this value; Graph compares without case."""
    return f"{EXTENDED}/any(ep: ep/id eq '{property_id}' and ep/value eq '{_quoted(value)}')"


def has_uid(uid: str) -> str:
    """The condition that an event has this UID."""
    return f"iCalUId eq '{_quoted(uid)}'"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
