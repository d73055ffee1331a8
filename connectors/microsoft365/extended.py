"""Extended properties: what Outlook holds and Graph has no name for, by its MAPI tag, and our own keys.

They come only when asked for: ``$expand=singleValueExtendedProperties($filter=id eq '...' or ...)``.
"""

from __future__ import annotations

from connectors.described import Document, Json

EXTENDED = "singleValueExtendedProperties"
OWN_SET = "{6c1f6f0e-3b0e-4d8e-9f0c-9d2b7a9e4a51}"
"""The property set of our own keys; never to be changed."""
UID = f"String {OWN_SET} Name AgendaHubUid"
"""The UID under which the hub made an item."""
KEY = f"String {OWN_SET} Name AgendaHubKey"
"""The key of the write that made it, to find it by."""
UNFINISHED = f"String {OWN_SET} Name AgendaHubUnfinished"
"""On an item that is written in several steps: the digest of what it is to be, until the last step."""
PARENT = "Binary 0xE09"
"""PidTagParentEntryId: the folder that an event is in."""
HAS_PICTURE = "Boolean {00062004-0000-0000-C000-000000000046} Id 0x8015"
"""PidLidHasPicture of a contact (MS-OXOCNTC 2.2.1.8.1): only then it is worth asking for its photo."""


def text_tag(tag: int) -> str:
    """The id of a text property."""
    return f"String 0x{tag:X}"


def time_tag(tag: int) -> str:
    """The id of a time property."""
    return f"SystemTime 0x{tag:X}"


def value_of(document: Document, property_id: str) -> str:
    """The value of an extended property; empty when it is absent. Ids are compared as Graph does: case apart."""
    wanted = property_id.casefold()
    found: Json = document.get(EXTENDED) or ()
    return next((str(one.get("value") or "") for one in found if str(one.get("id")).casefold() == wanted), "")


def flattened(properties: dict[str, Json]) -> dict[str, Json]:
    """The JSON to send: properties whose name is an id ("String 0x3A24") go into the list of extended ones."""
    plain = {name: value for name, value in properties.items() if " " not in name}
    extended = [{"id": name, "value": value} for name, value in sorted(properties.items()) if " " in name]
    return plain | ({EXTENDED: extended} if extended else {})
