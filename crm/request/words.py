"""Words as the search knows them: the same on every database, whatever it takes for a word itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MOST = 20_000  # different words of one request; far more than a person writes
LONGEST = 40  # characters of a word; what is longer (a key, a URL) is found by its beginning
MOST_ASKED = 10

_EACH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # written without blanks: each is a word of its own
_WORD = re.compile(rf"[{_EACH}]|[^\W_{_EACH}]+")


def words_of(text: str) -> Iterator[str]:
    """In their order: letters and digits without accents, lower case."""
    plain = unicodedata.normalize("NFKD", text[:1_000_000])
    for word in _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)).casefold()):
        yield word[:LONGEST]


def indexed(texts: Iterable[str], before: str = "") -> str:
    """What the store keeps: each word once between blanks. `before`: what it has kept so far."""
    found = dict.fromkeys(before.split())
    for text in texts:
        for word in words_of(text):
            if len(found) >= MOST:
                break
            found[word] = None
    return f" {' '.join(found)} "


def asked(text: str) -> tuple[str, ...]:
    """The words of a search. One letter alone is left out where there are longer ones."""
    words = tuple(dict.fromkeys(words_of(text)))
    longer = tuple(word for word in words if len(word) > 1 or not word.isascii())
    return (longer or words)[:MOST_ASKED]
