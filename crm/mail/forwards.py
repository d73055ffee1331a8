"""Mails that somebody passes on (REQUESTS.md 4): as an attachment, or quoted in the text (quotequail)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import quotequail

from crm.mail.addresses import read_addresses
from crm.mail.charsets import one_line
from crm.mail.dates import instant
from crm.mail.model import Party

_SUBJECT = re.compile(
    r"\s*(?:re\s*:\s*)?(?:fwd?|wg|i|inoltro|inoltra|tr|rv|enc|pd|doorst|vs|vb|fw\s*\d+|fwd?\[\d+\])\s*:", re.IGNORECASE
)
_LINES, _LINE = 400, 300  # that are looked at; the reader tries patterns on each line that go over it several times
# Quotequail knows English, German, French, Spanish, Russian, Swedish and Dutch.
_LABELS = {
    "da": "From", "inviato": "Date", "data": "Date", "a": "To", "oggetto": "Subject", "rispondi a": "Reply-To",
    "od": "From", "wysłano": "Date", "do": "To", "temat": "Subject", "dw": "Cc", "ccn": "Bcc", "nadawca": "From",
    "envoyé": "Date", "expéditeur": "From", "destinataire": "To", "enviado": "Date", "assunto": "Subject",
}  # fmt: skip
_LABEL = re.compile(r"([> ]{0,4}\*?)([^\W\d_][\w ]{0,15}?)\s?:\*?\s+(\S.*)$")
_MARKS = re.compile(
    r"(?:-{2,}\s?)?(?:inizio (?:del )?messaggio inoltrato|messaggio (?:inoltrato|originale)"
    r"|wiadomość (?:przekazana dalej|oryginalna)|treść przekazanej wiadomości|oryginalna wiadomość"
    r"|début du message transféré|message transféré"
    r"|message d'origine|message original|forwarded by .{0,80})\s?(?:-{2,}|:)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A mail that was passed on in the text of another, as far as it can be read."""

    sender: Party
    to: tuple[Party, ...]
    subject: str
    sent_at: datetime | None
    text: str


def says_forward(subject: str) -> bool:
    """Whether the subject begins as programs write it when a mail is passed on."""
    return bool(_SUBJECT.match(subject))


def quoted_mail(text: str) -> Quoted | None:
    """The mail that stands in a text; None when there is none with an address of its sender."""
    lines = text.split("\n")
    head = [_known(line if _harmless(line) else f"\x00{n}") for n, line in enumerate(lines[:_LINES])]
    found = quotequail.unwrap("\n".join(head))
    if not found or found.get("type") != "forward" or "from" not in found:
        return None
    parties = [party for party in read_addresses(found["from"][:1000]).parties if party.address]
    if len(parties) != 1:
        return None
    rest = re.sub("\x00(\\d+)", lambda mark: lines[int(mark[1])], found.get("text", ""))
    body = "\n".join([rest, *lines[_LINES:]]).strip()
    to = tuple(party for party in read_addresses(found.get("to", "")[:1000]).parties if party.address)
    return Quoted(parties[0], to, one_line(found.get("subject", ""))[:1000], instant(found.get("date", "")), body)


def _harmless(line: str) -> bool:
    """Lines that no header looks like are not given to its patterns: some take time that grows with the cube."""
    return len(line) <= _LINE and line.count("<") < 6 and "\x00" not in line


def _known(line: str) -> str:
    """Labels and marks of languages that quotequail does not know, in English."""
    label = _LABEL.match(line)
    if label and (english := _LABELS.get(label[2].lower())):
        return f"{label[1]}{english}: {label[3]}"
    stripped = line.strip()
    return "---------- Forwarded message ----------" if len(stripped) < 120 and _MARKS.match(stripped) else line
