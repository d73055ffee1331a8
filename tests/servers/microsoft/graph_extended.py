"""singleValueExtendedProperties: kept whole, shown only on $expand, searched by $filter; and other simple filters."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable

from tests.servers.microsoft.graph_protocol import Answer, Call, GraphError, Json, page_of
from tests.servers.microsoft.mailbox import Item

NAME = "singleValueExtendedProperties"
_HAS_PICTURE = "Boolean {00062004-0000-0000-C000-000000000046} Id 0x8015"  # Exchange sets it with the photo
_PARENT = "Binary 0xE09"  # the folder it is in
_ID = re.compile(
    r"^(String|Integer|Boolean|SystemTime|Binary|StringArray) (\{[0-9A-Fa-f-]{36}\} (Name|Id)|0x[0-9A-Fa-f]+)"
)
_ANY = re.compile(NAME + r"/any\(\s*(\w+)\s*:\s*\1/id eq '([^']*)'\s*(?:and\s+\1/value eq '([^']*)')?\s*\)", re.I)
_PLAIN = re.compile(r"^\s*([\w/]+) eq '((?:[^']|'')*)'\s*$")


def written(body: Json) -> dict[str, str]:
    """What a POST or PATCH sets."""
    found = {}
    for entry in body.get(NAME) or []:
        if not _ID.match(entry.get("id", "")):
            raise GraphError(400, "ErrorInvalidPropertyId", f"The property id {entry.get('id')} is invalid.")
        found[entry["id"]] = "" if entry.get("value") is None else str(entry["value"])
    return found


def shown(call: Call, item: Item) -> Json:
    """What $expand asks for; the name in a property's id is case-sensitive, its {guid} is not."""
    expand = call.query.get("$expand", "")
    if NAME not in expand:
        return {}
    wanted = {_folded(one) for one in re.findall(r"id eq '([^']*)'", expand)}
    if not wanted:
        raise GraphError(400, "ErrorInvalidUrlQuery", f"{NAME} must be expanded with $filter=id eq '...'.")
    kept = item.extended | ({_HAS_PICTURE: "true"} if item.photo is not None else {})
    kept |= {_PARENT: base64.b64encode(item.collection.encode()).decode()}
    found = [{"id": key, "value": value} for key, value in kept.items() if _folded(key) in wanted and value != ""]
    return {NAME: found} if found else {}


def listed(call: Call, items: Iterable[Item], render: Callable[[Item], Json]) -> Answer:
    """A page of what $filter lets through."""
    return page_of(call, _filtered(call.query.get("$filter", ""), list(items), render), render)


def _filtered(text: str, items: list[Item], render: Callable[[Item], Json]) -> list[Item]:
    if not text:
        return items
    if found := _ANY.search(text):
        key, value = _folded(found[2]), found[3]
        return [item for item in items if _has(item, key, value)]
    plain = _PLAIN.match(text)
    if plain is None:
        raise GraphError(400, "ErrorInvalidUrlQueryFilter", f"The filter is not understood: {text}")
    wanted = plain[2].replace("''", "'")
    if plain[1] in {"iCalUId", "uid"}:  # thousands of items are looked through quickly
        return [item for item in items if item.uid == wanted]
    return [item for item in items if str(render(item).get(plain[1], "")) == wanted]


def _has(item: Item, key: str, value: str | None) -> bool:
    return any(
        _folded(name) == key and (value is None or has.casefold() == value.casefold())
        for name, has in item.extended.items()
    )


def _folded(key: str) -> str:
    """The guid's case does not matter."""
    return re.sub(r"\{[^}]*\}", lambda found: found[0].lower(), key)
