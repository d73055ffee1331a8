"""Delivery reports that are only words for people, of the many servers that never learned another way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from crm.mail.addresses import normal_address, read_addresses
from crm.mail.charsets import one_line
from crm.mail.headers import Headers, read_headers
from crm.mail.message_ids import message_id
from crm.mail.model import DeliveryReport

_MOST = 200  # recipients of one report
_LOOKED_AT = 60_000  # characters of a text
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_MACHINE = re.compile(
    r"(?:mailer[_-]daemon|mail-?daemon|mdaemon|post_?master|mmdf|bounces?|mail[.-]?delivery(?:[.-]?(?:sub)?system)?"
    r"|double-bounce|amavisd?|virus-?alert)(?:[+=.-].*)?@.*"
)
_SUBJECT = re.compile(
    r"\s*\[?(?:undeliver(?:able|ed)|non[- ]?deliver(?:y|able)|failure notice|returned (?:mail|to sender)|dsn:"
    r"|mail (?:could not|delivery (?:failed|failure|system|problem|status|error|report)|not delivered|system error"
    r"|returned)|delivery (?:failure|status|notification|report|has failed|unsuccessful|problems?|error|final|not)"
    r"|warning: (?:could not|message)|message (?:not|status|delivery|could not|delayed|undeliverable)|could not send"
    r"|unable to deliver|rejected (?:mail|message)|error sending|unzustellbar|nicht zustellbar|mancata consegna"
    r"|impossibile recapitare|non recapitabile|non remis|échec de la remise|niedostarczon|nie można dostarczyć"
    r"|no entregado|user unknown|failed mail|email delivery failed|permanent delivery failure|delayed mail"
    r"|failed delivery|onbestelbaar)(?!\w)",
    re.IGNORECASE,
)
_PHRASES = re.compile(
    r"this is the (?:qmail-send program|mail system at host|dragonfly mail agent)"
    r"|created automatically by (?:mail delivery software|the)|permanent (?:fatal )?error"
    r"|delivery (?:to the following recipients?|has failed to these recipients|attempts? failed|failed|failure)"
    r"|the following (?:addresses?|recipients?|destinations?) (?:had|did not|failed|could not|cannot|were|was)"
    r"|(?:could not|cannot|couldn't|unable to|not able to|wasn't able to|error) (?:be )?(?:deliver|send)"
    r"|undeliverable|was not delivered|did not reach|mailbox (?:is )?full|user unknown|unknown user"
    r"|returned (?:to (?:the )?sender|mail)|message (?:was )?(?:rejected|undelivered)|配信|届け|送信できません",
    re.IGNORECASE,
)
_TEMPORARY = re.compile(
    r"will (?:be retried|keep trying|retry|continue to)|temporar|delayed|warning message only|not yet been"
    r"|still trying",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"^[ \t>*.-]{0,8}(?:to:?|rcpt to:?|recipient:?|user)?[ \t]{0,4}<?"
    r"([^\s<>:;,()\"]{1,200}@[A-Za-z0-9._-]{1,200})>?",
    re.IGNORECASE | re.MULTILINE,
)
_DIAGNOSTIC = re.compile(
    r"^.{0,400}?\b[45]\d\d[ -].{0,600}$|^.{0,300}?#?[45]\.\d{1,3}\.\d{1,3}\b.{0,600}$", re.MULTILINE
)
_ORIGINAL = re.compile(
    r"^[ \t>]{0,4}(?:return-path|received|message-id|from|subject|to|date):", re.IGNORECASE | re.MULTILINE
)
_PIECES = re.compile(r"[\s<>()\",;:\[\]]+")


@dataclass(frozen=True, slots=True)
class Words:
    """What a report says in words, and the headers of the mail that it brought back."""

    text: str
    subject: str
    sender: str
    original: Headers

    @property
    def original_id(self) -> str:
        """Message-ID of the mail that it is about; "" when it is not told."""
        return message_id(self.original.first("message-id"))

    def before_original(self) -> str:
        """Without the copy of the mail that came back: it names addresses of its own."""
        text = self.text[:_LOOKED_AT]
        begun = _begin_of_headers(text)
        return text[:begun] if begun > 0 else text

    def recipients(self, ours: frozenset[str] = frozenset()) -> list[str]:
        """Addresses on lines of their own, else anywhere, else those that the mail went to."""
        words = self.before_original()
        for found in (_on_lines(words), _anywhere(words)):
            if named := [one for one in dict.fromkeys(found) if one not in ours and not _MACHINE.fullmatch(one)]:
                return named[:_MOST]
        to = [party.address for party in read_addresses(self.original.first("to")).parties if party.address]
        return list(dict.fromkeys(to))[:_MOST]


def report_in_words(headers: Headers, words: Words) -> DeliveryReport | None:
    """What it says; None when it does not look like a report."""
    if not _looks_like_one(headers, words):
        return None
    ours = frozenset(p.address for name in ("to", "delivered-to") for p in read_addresses(headers.first(name)).parties)
    told = [address for one in headers.first("x-failed-recipients").split(",") if (address := normal_address(one))]
    text = words.before_original()
    line = _DIAGNOSTIC.search(text)
    status = (STATUS.search(line[0]) if line else None) or STATUS.search(text)
    temporary = bool(_TEMPORARY.search(text)) and not (status and status[1].startswith("5"))
    return DeliveryReport(
        "delayed" if temporary else "failed",
        tuple(told or words.recipients(ours)),
        status[1] if status else "",
        one_line(line[0])[:1000] if line else "",
        words.original_id,
    )


def _looks_like_one(headers: Headers, words: Words) -> bool:
    """A machine sends it, and its subject or its text say so, too."""
    if headers.has("x-failed-recipients"):
        return True
    nobody = headers.has("return-path") and not headers.first("return-path").strip("<> \t")
    machine = nobody or bool(_MACHINE.fullmatch(words.sender)) or "mailer-daemon" in headers.first("from").lower()
    subject = bool(_SUBJECT.match(words.subject))
    if not subject and headers.first("auto-submitted").lower().startswith("auto-replied"):
        return False  # somebody is out of office
    return machine and (subject or bool(_PHRASES.search(words.text[:_LOOKED_AT])))


def quoted_headers(text: str) -> Headers:
    """The headers of a mail that is quoted at the end of a text."""
    text = text[-_LOOKED_AT:]
    begun = _begin_of_headers(text)
    return read_headers(text[begun : begun + 20_000].encode()) if begun >= 0 else Headers()


def _begin_of_headers(text: str) -> int:
    """Two headers in two lines; one alone may be "To: somebody" of the report itself. -1 for none."""
    places = (found.start() for found in _ORIGINAL.finditer(text))
    return next((first for first, second in pairwise(places) if text.count("\n", first, second) == 1), -1)


def _on_lines(text: str) -> Iterator[str]:
    for found in _LINE.finditer(text):
        if address := normal_address(found[1].removeprefix("mailto:").strip("'.=")):
            yield address


def _anywhere(text: str) -> Iterator[str]:
    return (address for piece in _PIECES.split(text) if "@" in piece and (address := normal_address(piece.strip(".'"))))
