"""Google's own descriptions of its services, as they ship with its client library: paths, parameters and schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import googleapiclient

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
SERVICES = ("calendar.v3", "people.v1", "tasks.v1", "admin.directory_v1", "gmail.v1")
_HOLE = re.compile(r"\{(\+?)(\w+)\}")

Json = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """One service."""

    name: str  # calendar, people, tasks, admin, gmail
    schemas: Mapping[str, Json]
    batch_path: str  # /batch/calendar/v3
    raw: Json = field(repr=False, compare=False, hash=False)


@dataclass(frozen=True)
class Method:
    """One method of a service."""

    id: str  # calendar.events.list
    verb: str  # GET
    path: re.Pattern[str]  # of the whole path, with a group for each parameter
    parameters: Mapping[str, Json]  # those of the path, of the query, and of every method
    scopes: frozenset[str]  # one of them is enough
    request: str  # the schema of its body; "" for none
    response: str  # the schema of its answer; "" for none
    document: Document = field(repr=False)

    @property
    def service(self) -> str:
        """calendar, people, tasks or admin."""
        return self.document.name

    @property
    def writes(self) -> bool:
        """Could it change anything?"""
        return self.verb != "GET"


def find(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """The method that is called, and the parameters of its path. `path` as it came over the wire, %-encoded."""
    for method in methods():
        if method.verb == verb and (found := method.path.fullmatch(path)):
            return method, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


@cache
def methods() -> Sequence[Method]:
    """Of all services; paths with fewer holes come first."""
    found = [method for name in SERVICES for method in _methods(document(name))]
    return sorted(found, key=lambda method: method.path.groups)


@cache
def document(name: str) -> Document:
    """By the name of its file: calendar.v3."""
    raw: Json = json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
    return Document(raw["name"], raw["schemas"], "/" + raw["batchPath"], raw)


def _methods(one: Document) -> Iterator[Method]:
    def below(resource: Json) -> Iterator[Json]:
        yield from resource.get("methods", {}).values()
        for inner in resource.get("resources", {}).values():
            yield from below(inner)

    for raw in below(one.raw):
        yield Method(
            id=raw["id"],
            verb=raw["httpMethod"],
            path=_pattern("/" + one.raw["servicePath"] + raw["path"], raw.get("parameters", {})),
            parameters={**one.raw.get("parameters", {}), **raw.get("parameters", {})},
            scopes=frozenset(raw.get("scopes", ())),
            request=raw.get("request", {}).get("$ref", ""),
            response=raw.get("response", {}).get("$ref", ""),
            document=one,
        )


def _pattern(template: str, parameters: Json) -> re.Pattern[str]:
    """`{x}` is one segment; `{+x}` is what its own pattern says."""
    written, end = "", 0
    for hole in _HOLE.finditer(template):
        inside = parameters[hole[2]].get("pattern", "^.+$")[1:-1] if hole[1] else "[^/]+"
        written += re.escape(template[end : hole.start()]) + f"(?P<{hole[2]}>{inside})"
        end = hole.end()
    return re.compile(written + re.escape(template[end:]))
