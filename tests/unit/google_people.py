"""Contacts as the hub and as Google say them, made short for the tests of their mapping."""

from __future__ import annotations

from typing import Any

from connectors.google_workspace.mapping_contacts import read_contact
from sync_engine.model import Contact, ContentLine, Name

PRIMARY = {"metadata": {"sourcePrimary": True}}
"""Of the entry that is preferred."""


def contact(**fields: Any) -> Contact:
    """Of Ada, with these fields."""
    said: dict[str, Any] = {"full_name": "Ada", "name": Name(given=("Ada",))} | fields
    return Contact("u", **said)


def read(person: dict[str, Any]) -> Contact:
    """What the hub reads of Ada with these properties."""
    return read_contact({"names": [{"givenName": "Ada"}], **person}, "u", {})


def label(text: str) -> tuple[ContentLine, ...]:
    """What somebody wrote beside an entry."""
    return (ContentLine("X-ABLABEL", text, (), "X-ABLabel"),)


def line(name: str, value: str, about: str = "", **params: str) -> ContentLine:
    """A line, with its label and its parameters; _ stands for - in their names."""
    said = tuple(sorted((key.replace("_", "-"), (text,)) for key, text in params.items()))
    return ContentLine(name, value, said, companions=label(about) if about else ())
