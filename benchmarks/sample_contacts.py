"""Made-up contacts as a phone writes them, the same ones in every run; about every tenth has a small picture."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from random import Random

_GIVEN = ("Ada", "Bob", "Chloé", "Dušan", "Eve", "Frank", "Grace", "Hedy", "Ivo", "Jana", "Zoë")
_FAMILY = ("Lovelace", "Müller", "Durand", "Novák", "Castle", "Hopper", "Lamarr", "Ångström", "O'Neil")
_FIRMS = ("Example Corp", "Muster AG", "Acme\\, Inc.", "")


def contacts(count: int) -> Iterator[tuple[str, str]]:
    """UID and VCARD, with CRLF, of each."""
    for number in range(count):
        chance = Random(f"contact {number}")
        uid = f"{chance.getrandbits(96):024x}-{number}"
        yield uid, _card(uid, chance, number)


def _card(uid: str, chance: Random, number: int) -> str:
    given, family, firm = chance.choice(_GIVEN), chance.choice(_FAMILY), chance.choice(_FIRMS)
    lines = ["BEGIN:VCARD", "VERSION:3.0", "PRODID:-//Example Corp//Phone 9//EN", f"UID:{uid}"]
    lines += [f"N:{family};{given};;;", f"FN:{given} {family} {number}"]
    lines += [f"ORG:{firm};"] if firm else []
    lines.append(f"EMAIL;TYPE=INTERNET,WORK:person{number}@example.org")
    lines += [f"TEL;TYPE=CELL,VOICE:+41 79 {chance.randrange(10**7):07}" for _ in range(chance.randrange(1, 4))]
    lines.append(f"item1.ADR;TYPE=WORK:;;Main Street {number % 300};Zürich;;{8000 + number % 99};Switzerland")
    lines.append("item1.X-ABLabel:_$!<Work>!$_")
    if chance.random() < 0.3:
        lines.append(f"BDAY:19{chance.randrange(40, 99)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}")
    if chance.random() < 0.3:
        lines.append("NOTE:" + " ".join(chance.choice(_GIVEN) for _ in range(chance.randrange(5, 60))))
    if chance.random() < 0.1:
        picture = base64.b64encode(b"\xff\xd8\xff\xe0" + chance.randbytes(4000)).decode()
        lines.append(f"PHOTO;ENCODING=b;TYPE=JPEG:{picture}")
    lines += ["REV:2026-01-10T08:00:00Z", "END:VCARD"]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _folded(line: str) -> str:
    """In pieces of at most 70 characters that are none longer than 75 octets in these texts."""
    return "\r\n ".join(line[at : at + 37] if not line.isascii() else line[at : at + 70] for at in _starts(line))


def _starts(line: str) -> range:
    return range(0, max(len(line), 1), 70 if line.isascii() else 37)
