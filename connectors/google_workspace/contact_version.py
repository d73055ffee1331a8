"""The version of a contact: when its owner changed it last, its etag, and how its labels are called.

Reads may be minutes behind writes (P5): one that is older than the known version says nothing new (SYNC.md R22). The
id of the source is in it because a write must name it with the etag (P6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.google_workspace.contact_person import Person, source_of


@dataclass(frozen=True, slots=True)
class Version:
    """The parts of the text that the hub keeps."""

    updated: str = ""  # RFC 3339, UTC
    etag: str = ""  # of the source that the owner wrote
    source: str = ""  # its id
    labels: str = ""  # digest of their names

    @classmethod
    def of(cls, person: Person, labels: Iterable[str]) -> Version:
        """Of a person that was read with `metadata`, with the names of its labels."""
        source = source_of(person)
        etag = source.get("etag") or person.get("etag")
        updated, source_id = source.get("updateTime"), source.get("id")
        return cls(str(updated or ""), str(etag or ""), str(source_id or ""), digest(labels))

    @classmethod
    def read(cls, text: str) -> Version:
        """Of its text; one that says nothing of any other text."""
        parts = text.split(" ")
        return cls(*parts) if len(parts) == 4 else cls()

    @property
    def text(self) -> str:
        """For the store; "" of a person that has no etag."""
        return f"{self.updated} {self.etag} {self.source} {self.labels}" if self.etag else ""

    def age(self, now: float) -> float:
        """Seconds since it was written, in seconds since 1970; of one that does not say it, as many as can be."""
        try:
            return now - datetime.fromisoformat(self.updated).timestamp()
        except ValueError:
            return float("inf")

    def is_older(self, other: Version) -> bool:
        """Whether this is what stood there before `other`."""
        if not self.updated or not other.updated:
            return False
        return instant(self.updated) < instant(other.updated)

    def same_person(self, other: Version) -> bool:
        """Whether both are of one state of a person, whatever became of its labels' names."""
        return bool(self.etag) and self.etag == other.etag


def digest(names: Iterable[str]) -> str:
    """Eight digits for a set of names."""
    return hashlib.sha256("\n".join(sorted(names)).encode("utf-8", "surrogatepass")).hexdigest()[:8]


def instant(stamp: str) -> str:
    """A UTC time whose order as a text is its order in time: Google leaves out what is zero of a second's parts."""
    whole, _, parts = stamp.rstrip("Zz").partition(".")
    return f"{whole}.{parts:0<9}"
