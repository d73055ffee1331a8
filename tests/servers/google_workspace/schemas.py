"""Does a JSON value fit a schema of a discovery document?"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from tests.servers.google_workspace.discovery import Document, Json, Method

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def misfits(value: Any, schema: Json, document: Document, where: str = "", *, asked: bool = False) -> Iterator[str]:
    """What is wrong, in words. `asked`: it is a request, in which null clears and times may lack their zone."""
    if ref := schema.get("$ref"):
        schema = document.schemas[ref]
    kind = schema.get("type", "object")
    if (value is None and asked) or kind == "any":
        return
    fits = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not fits:
        yield f"{where or 'it'} is no {kind}: {value!r:.80}"
    elif isinstance(value, dict):
        yield from _members(value, schema, document, where, asked)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from misfits(one, schema["items"], document, f"{where}[{place}]", asked=asked)
    else:
        yield from _simple(value, schema, where, asked)


def lacking(value: Any, schema: Json, method: Method, where: str = "") -> Iterator[str]:
    """Names of properties that this method requires and a body lacks."""
    if ref := schema.get("$ref"):
        schema = method.document.schemas[ref]
    for name, inner in schema.get("properties", {}).items():
        path = f"{where}.{name}".lstrip(".")
        given = value.get(name) if isinstance(value, dict) else None
        if given is None and method.id in inner.get("annotations", {}).get("required", ()):
            yield path
        elif isinstance(given, dict):
            yield from lacking(given, inner, method, path)


def unfitting_text(text: str, schema: Json) -> str:
    """Why a parameter is not what it should be; "" if it is."""
    kind = schema.get("type")
    if kind == "boolean":
        return "" if text in {"true", "false"} else f"Invalid boolean value: '{text}'."
    if kind == "integer":
        return _number_misfit(text, schema)
    return next(_simple(text, schema, f"'{text}'", False), "")


def _members(value: Json, schema: Json, document: Document, where: str, asked: bool) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, inner in value.items():
        path = f"{where}.{name}".lstrip(".")
        if name in known:
            yield from misfits(inner, known[name], document, path, asked=asked)
        elif others is not None:
            yield from misfits(inner, others, document, path, asked=asked)
        else:
            yield f"{path} is unknown"


def _simple(value: Any, schema: Json, where: str, asked: bool) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is none of {schema['enum']}: {value!r:.80}"
    if (form := schema.get("format")) and not _has_form(value, form, asked):
        yield f"{where} is no {form}: {value!r:.80}"


def _has_form(value: str, form: str, asked: bool) -> bool:
    try:
        if form in {"date-time", "google-datetime"}:
            datetime.fromisoformat(value)
            return asked or bool(_MOMENT.fullmatch(value))
        if form == "date":
            return bool(date.fromisoformat(value).isoformat() == value)
        if form == "byte":
            text = value.replace("-", "+").replace("_", "/")
            base64.b64decode(text + "=" * (-len(text) % 4), validate=True)  # Gmail leaves the padding out (M3)
        limit = {"int32": 2**31, "int64": 2**63, "uint32": 2**32, "uint64": 2**64}.get(form)
        return limit is None or abs(int(value)) < limit
    except (ValueError, binascii.Error):
        return False


def _number_misfit(text: str, schema: Json) -> str:
    if not re.fullmatch(r"-?\d{1,18}", text):
        return f"Invalid integer value: '{text}'."
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low and int(text) < int(low)) or (high and int(text) > int(high)):
        return f"Invalid value '{text}'. Values must be within the range: [{low}, {high}]"
    return ""
