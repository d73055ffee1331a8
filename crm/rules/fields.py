"""What conditions may look at, and how one condition is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from crm.rules.model import Checked, Condition, Facts
from crm.rules.patterns import LONGEST_TEXT, TooMuch, compiled

TEXT_OPERATORS = ("is", "contains", "starts", "ends", "matches")
NUMBER_OPERATORS = ("is", "above", "below")
TRUTH_OPERATORS = ("is",)
_SHOWN = 80  # characters of a value in an explanation

_Texts: TypeAlias = Callable[[Facts, Condition], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is known of a mail."""

    words: str  # the subject
    kind: str  # text, number, truth
    texts: _Texts = lambda _facts, _condition: ()
    number: Callable[[Facts], int] = lambda _facts: 0
    truth: Callable[[Facts], bool] = lambda _facts: False

    @property
    def operators(self) -> tuple[str, ...]:
        """Those that make sense."""
        return {"text": TEXT_OPERATORS, "number": NUMBER_OPERATORS, "truth": TRUTH_OPERATORS}[self.kind]


def _text(words: str, texts: Callable[[Facts], tuple[str, ...]]) -> Field:
    return Field(words, "text", lambda facts, _condition: texts(facts))


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "from": _text("the sender", lambda f: (f.sender,)),
        "from_name": _text("the sender's name", lambda f: (f.sender_name,)),
        "domain": _text("the sender's domain", lambda f: (f.sender.rpartition("@")[2],)),
        "to": _text("a recipient", lambda f: f.recipients),
        "mailbox": _text("the mailbox", lambda f: (f.mailbox,)),
        "subject": _text("the subject", lambda f: (f.subject,)),
        "text": _text("the text", lambda f: (f.text,)),
        "subject_or_text": _text("the subject or the text", lambda f: (f.subject, f.text)),
        "attachment": _text("the name of an attachment", lambda f: f.attachments),
        "header": Field("the header", "text", lambda f, condition: f.headers.get(condition.header, ())),
        "automatic_kind": _text("the kind of automatic mail", lambda f: (f.automatic,)),
        "authentication": _text("what our server says of the sender", lambda f: (f.authentication,)),
        "category": _text("a category of the customer", lambda f: f.categories),
        "language": _text("the language", lambda f: (f.language,)),
        "automatic": Field("automatic mail", "truth", truth=lambda f: bool(f.automatic)),
        "verified": Field("a sender written as it must be", "truth", truth=lambda f: f.verified),
        "known": Field("a known customer", "truth", truth=lambda f: f.customer_known),
        "invitation": Field("an invitation", "truth", truth=lambda f: f.invitation),
        "attachments": Field("the number of attachments", "number", number=lambda f: len(f.attachments)),
        "size": Field("the size in octets", "number", number=lambda f: f.size),
    }
)


def ask(condition: Condition, facts: Facts) -> Checked:
    """Whether a condition holds, and why."""
    field = FIELDS[condition.field]
    if field.kind == "truth":
        held, why = _truth(condition, field.truth(facts))
    elif field.kind == "number":
        held, why = _number(condition, field.number(facts))
    else:
        held, why = _texts(condition, field.texts(facts, condition))
    return Checked(in_words(condition), held != condition.contrary, why)


def in_words(condition: Condition) -> str:
    """The condition as a person says it."""
    field = FIELDS[condition.field]
    name = f"{field.words} {condition.header}" if condition.field == "header" else field.words
    if field.kind == "truth":
        return f"is {'' if bool(condition.value) != condition.contrary else 'not '}{name}"
    verb = f"not {condition.operator}" if condition.contrary else condition.operator
    wanted = " or ".join(f'"{_short(str(value))}"' for value in _values(condition))
    return f"{name} {verb} {wanted}"


def _values(condition: Condition) -> tuple[str | int, ...]:
    return condition.value if isinstance(condition.value, tuple) else (condition.value,)


def _truth(condition: Condition, found: bool) -> tuple[bool, str]:
    return found == bool(condition.value), "it is" if found else "it is not"


def _number(condition: Condition, found: int) -> tuple[bool, str]:
    wanted = int(condition.value) if not isinstance(condition.value, tuple) else 0
    held = found > wanted if condition.operator == "above" else found < wanted
    return (found == wanted if condition.operator == "is" else held), f"it is {found}"


def _texts(condition: Condition, found: tuple[str, ...]) -> tuple[bool, str]:
    found = tuple(text for text in found if text)
    if not found:
        return False, "there is none"
    for wanted in _values(condition):
        for text in found:
            try:
                place = _place(condition.operator, text[:LONGEST_TEXT], str(wanted))
            except TooMuch:
                return False, "the pattern takes too long for this mail"
            if place is not None:
                return True, f'found in "{_around(text, place)}"'
    shown = ", ".join(f'"{_short(text)}"' for text in found[:3])
    return False, f"it is {shown}"


def _place(operator: str, text: str, wanted: str) -> int | None:
    """Where in a text it was found; None when it was not."""
    if operator == "matches":
        return compiled(wanted).search(text)
    folded, sought = text.casefold(), wanted.casefold()
    match operator:
        case "contains":
            place = folded.find(sought)
            return place if place >= 0 else None
        case "starts":
            return 0 if folded.startswith(sought) else None
        case "ends":
            return len(text) if folded.endswith(sought) else None
    return 0 if folded.strip() == sought.strip() else None


def _around(text: str, place: int) -> str:
    return _short(text[max(0, place - _SHOWN // 2) :])


def _short(text: str) -> str:
    line = " ".join(text[: _SHOWN * 3].split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
