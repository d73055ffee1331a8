"""Addresses of a header (RFC 5322, 3.4), read strictly; and loosely where that fails.

CPython's own reader takes `alice@example.org)bob@example.com` for Alice's (CVE-2023-27043): From is read here alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from crm.mail import limits
from crm.mail.headers import decoded
from crm.mail.model import Party

_SPECIALS = '<>,;:@.\\()[]"'
_ATOM = re.compile(r"[^\s<>,;:@.\\()\[\]\"\x00-\x1f\x7f]+")
_SPACE = re.compile(r"\s+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LITERAL = re.compile(r"\[[0-9a-f.:]{2,60}\]|\[ipv6:[0-9a-f.:]{2,60}\]")
_LOOSE = re.compile(r"[\s<>()\",;:\[\]\\]+")
_DOT_ATOM = re.compile(r"[^\s<>,;:@.\\()\[\]\"]+(?:\.[^\s<>,;:@.\\()\[\]\"]+)*")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # atom, quoted, comment, space, special, literal, broken
    text: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a header names."""

    parties: tuple[Party, ...] = ()
    strict: bool = True  # the whole header is as RFC 5322 says


def read_addresses(value: str, most: int = limits.ADDRESSES) -> Addresses:
    """All addresses of one header as it stands in the mail: encoded words are decoded only afterwards.

    One more than `most` when there are more.
    """
    found: list[Party] = []
    strict = True
    for mailbox in _mailboxes(list(_tokens(value))):
        if len(found) > most:
            break
        party = _strict(mailbox)
        if party is None:
            strict = False
            found += _loose(mailbox)
        else:
            found.append(party)
    return Addresses(tuple(found[: most + 1]), strict)


def normal_address(text: str) -> str:
    """Lower case, the domain in ASCII; "" for what is no address."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or len(text) > limits.ADDRESS:
        return ""
    if local.startswith('"') and local.endswith('"') and _DOT_ATOM.fullmatch(local[1:-1] or " "):
        local = local[1:-1]
    if not (_DOT_ATOM.fullmatch(local) or re.fullmatch(r'"[^"\\\x00-\x1f\x7f]*"', local)):
        return ""
    domain = _domain(domain)
    address = f"{local.lower()}@{domain}"
    return address if domain and len(address) <= limits.ADDRESS and address.isprintable() else ""


def _domain(text: str) -> str:
    text = text.lower().rstrip(".")
    if text.startswith("["):
        return text if _LITERAL.fullmatch(text) else ""
    labels = [_label(label) for label in text.split(".")]
    return ".".join(labels) if all(labels) and len(text) <= 253 else ""


def _label(label: str) -> str:
    if not label.isascii() and len(label) <= 63:
        try:
            label = "xn--" + unicodedata.normalize("NFC", label).encode("punycode").decode("ascii")
        except UnicodeError:
            return ""
    return label if _LABEL.fullmatch(label) else ""


# ---------------------------------------------------------------- tokens


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        char = text[at]
        if found := _ATOM.match(text, at):
            yield _Token("atom", found[0])
            at = found.end()
        elif found := _SPACE.match(text, at):
            yield _Token("space", " ")
            at = found.end()
        elif char in '"([':
            token, at = _enclosed(text, at)
            yield token
        else:
            yield _Token("special" if char in _SPECIALS else "broken", char)
            at += 1


_ENDS = {'"': ('"', "quoted"), "(": (")", "comment"), "[": ("]", "literal")}


def _enclosed(text: str, at: int) -> tuple[_Token, int]:
    """A quoted string, a comment with those in it, or a domain literal."""
    opening = text[at]
    closing, kind = _ENDS[opening]
    depth, out, place = 1, [], at + 1
    while place < len(text):
        char = text[place]
        if char == "\\" and kind != "literal" and place + 1 < len(text):
            out.append(text[place + 1])
            place += 2
            continue
        depth += (char == "(" and kind == "comment") - (char == closing)
        if depth == 0:
            return _Token(kind, "".join(out)), place + 1
        out.append(char)
        place += 1
    return _Token("broken", "".join(out)), place


def _mailboxes(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """Tokens between commas, without names of groups."""
    part: list[_Token] = []
    angle = False
    for token in tokens:
        special = token.text if token.kind == "special" else ""
        angle = (angle or special == "<") and special != ">"
        if special in {",", ";"} and not angle:
            yield part
            part = []
        elif special == ":" and not angle:
            part = [one for one in part if one.text == "@"][:1]  # a group's name has none
        else:
            part.append(token)
    yield part


# ---------------------------------------------------------------- one mailbox


def _strict(tokens: list[_Token]) -> Party | None:
    """One mailbox exactly as the grammar says; None for anything else. An empty one is Party("")."""
    comments = [one.text for one in tokens if one.kind == "comment"]
    rest = _trimmed([one for one in tokens if one.kind != "comment"])
    if not rest:
        return None if tokens and not comments and any(one.kind != "space" for one in tokens) else Party("")
    opened = next((n for n, one in enumerate(rest) if one == _Token("special", "<")), -1)
    if opened < 0:
        address = _spec(rest)
        return Party(address, _name(" ".join(comments))) if address else None
    if rest[-1] != _Token("special", ">"):
        return None
    phrase, spec = _trimmed(rest[:opened]), _trimmed(rest[opened + 1 : -1])
    if any(one.kind in {"literal", "broken"} or (one.kind == "special" and one.text != ".") for one in phrase):
        return None
    address = _spec(spec)
    return Party(address, _name("".join(one.text for one in phrase) or " ".join(comments))) if address else None


def _trimmed(tokens: list[_Token]) -> list[_Token]:
    while tokens and tokens[0].kind == "space":
        tokens = tokens[1:]
    while tokens and tokens[-1].kind == "space":
        tokens = tokens[:-1]
    return tokens


def _spec(tokens: list[_Token]) -> str:
    """local-part "@" domain without white space; "" when it is not."""
    if any(one.kind in {"space", "broken"} for one in tokens):
        return ""
    marks = [one.text for one in tokens if one.kind == "special"]
    if marks.count("@") != 1 or any(mark not in {"@", "."} for mark in marks):
        return ""
    return normal_address("".join(_written(one) for one in tokens))


def _written(token: _Token) -> str:
    return f'"{token.text}"' if token.kind == "quoted" else f"[{token.text}]" if token.kind == "literal" else token.text


def _loose(tokens: list[_Token]) -> list[Party]:
    """Everything in a broken mailbox that looks like an address: more than one of them is told as such."""
    text = "".join(one.text if one.kind != "literal" else f"[{one.text}]" for one in tokens)
    found = dict.fromkeys(filter(None, (normal_address(piece.strip(".'")) for piece in _LOOSE.split(text))))
    name = "".join(one.text for one in tokens if one.kind in {"quoted", "space"}) if len(found) == 1 else ""
    return [Party(address, _name(name)) for address in found] or [Party("", _name(text))]


def _name(text: str) -> str:
    name = decoded(text).strip()
    while len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()  # "'Ada'", as Outlook writes it; a mark at one end only is of the name
    return name[: limits.NAME]
