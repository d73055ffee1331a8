"""An item: a record together with the text that stands for it."""

from __future__ import annotations

import hashlib

from sync_engine.formats import parse, render
from sync_engine.model import Kind, Record, kind_of


class Item:
    """A record and its text. The text is the stored form, kept verbatim as long as nobody edits the record.

    Build one with `Item.read` (from text), `Item.of` (from a record) or `Item.stored` (text that was read before: it is
    parsed again only if somebody asks for the record).
    """

    __slots__ = ("_record", "kind", "text", "uid")

    def __init__(self, kind: Kind, uid: str, text: str, record: Record | None) -> None:
        self.kind = kind
        self.uid = uid  # case-sensitive
        self.text = text
        self._record = record

    @classmethod
    def read(cls, text: str, *, uid_if_missing: str | None = None) -> Item:
        """Parse one vCard or one VCALENDAR with one UID. Raises `Unreadable`."""
        record = parse(text, uid_if_missing=uid_if_missing)
        return cls(kind_of(record), record.uid, text, record)

    @classmethod
    def of(cls, record: Record) -> Item:
        """Render a record."""
        return cls(kind_of(record), record.uid, render(record), record)

    @classmethod
    def stored(cls, kind: Kind, uid: str, text: str) -> Item:
        """An item whose text came out of the store."""
        return cls(kind, uid, text, None)

    @property
    def record(self) -> Record:
        """What the text says."""
        if self._record is None:
            self._record = parse(self.text, uid_if_missing=self.uid)
        return self._record

    @property
    def digest(self) -> str:
        """Identifies the text; the gateway's entity tag."""
        return digest_of(self.text)

    def __repr__(self) -> str:
        return f"Item({self.kind}, {self.uid!r})"


def digest_of(text: str) -> str:
    """Hash of a text, 32 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
