"""Mails: octets from anybody, read, shown and asked for their attachments."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random

from crm.mail.display import page
from crm.mail.parts import content
from crm.mail.reading import unguarded
from crm.rules.facts import facts_of
from tests.fuzz.mutate import ANY, mutant
from tests.fuzz.seeds import CORPORA, SAMPLES

_LARGEST = 64 * 1024  # octets of a seed
_SECONDS = 5.0  # of CPU that one mail may take
_WORDS = (
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", b"\n--b\n", b"\n--b--\n", b"\n\n", b"=?utf-8?q?=00?=",
    b"\r", b"=\n",
    b"Content-Type: message/rfc822\n\n", b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: x-uue\n",
    b"From: ", b"Subject: Fwd: ", b"<", b"(", b'"', b"; filename*0*=utf-16''%ff", b"; charset=utf-7",
    b"<blockquote><table>",
    b"Content-Type: message/delivery-status\n\n", b"Content-Type: text/html\n\n", b"<!--", b"\xff\xfe", b"\x00",
    b"&#0;",
)  # fmt: skip


def mail_mutant(chance: Random, seeds: Sequence[bytes]) -> bytes:
    """A mail with pieces of others in it, words of the format put anywhere, and octets changed."""
    raw = mutant(chance, seeds, ANY) if chance.random() < 0.7 else chance.choice(seeds)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(raw) + 1)
        raw = raw[:at] + chance.choice(_WORDS) * chance.choice((1, 1, 1, 30)) + raw[at + chance.randrange(3) :]
    return raw


def mail_seeds(*, corpora: bool) -> list[bytes]:
    """Our own samples, and mails beside the project where they are."""
    files = sorted((SAMPLES / "mails").glob("*.eml"))
    outside = sorted((CORPORA / "sisimai").rglob("*.eml")) if corpora and CORPORA.is_dir() else []
    return [path.read_bytes() for path in [*files, *outside] if path.stat().st_size <= _LARGEST]


class Mails:
    """Everything that is made of a mail without a store."""

    name = "mail"

    def __init__(self, seeds: Sequence[bytes]) -> None:
        self._seeds = seeds

    def make(self, chance: Random) -> bytes:
        return mail_mutant(chance, self._seeds)

    def try_(self, raw: bytes) -> bool:
        began = time.process_time()
        mail = unguarded(raw)
        page(mail, raw=raw)
        facts_of(mail, raw)
        for file in mail.attachments:
            if len(content(raw, file.number)) != file.size:
                raise AssertionError("an attachment is not as large as it was said to be")
        if time.process_time() - began > _SECONDS:
            raise AssertionError("a mail took too long")
        return bool(mail.sender.address)

    def close(self) -> None:
        pass
