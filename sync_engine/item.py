"""An item: a record together with the text that stands for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sync_engine.formats import parse, render
from sync_engine.model import Kind, Record, kind_of


@dataclass(frozen=True, slots=True)
class Item:
    """A record and its text. The text is the stored form: kept verbatim as long as nobody edits the record.

    Build one with `Item.read` (from text) or `Item.of` (from a record).
    """

    record: Record
    text: str

    @classmethod
    def read(cls, text: str) -> Item:
        """Parse one vCard or one VCALENDAR with one UID. Raises `Unreadable`."""
        return cls(parse(text), text)

    @classmethod
    def of(cls, record: Record) -> Item:
        """Render a record."""
        return cls(record, render(record))

    @property
    def kind(self) -> Kind:
        """Contact, event or task."""
        return kind_of(self.record)

    @property
    def uid(self) -> str:
        """The item's UID, case-sensitive."""
        return self.record.uid

    @property
    def digest(self) -> str:
        """Identifies the text; the gateway's entity tag."""
        return digest_of(self.text)


def digest_of(text: str) -> str:
    """Hash of a text, 32 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
