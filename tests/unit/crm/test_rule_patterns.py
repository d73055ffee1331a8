"""Patterns of admins: what they find, what is refused, and that no text makes one run for ever."""

from __future__ import annotations

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.errors import Invalid
from crm.rules.patterns import TooMuch, compiled


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("INVOICE", "your invoice", True),
        ("^re:", "x\nRE: y", True),
        ("x$", "x\ny", True),
        (r"\bcat\b", "a cat.", True),
        (r"\bcat\b", "concat", False),
        (r"\Bcat", "concat", True),
        (r"[a-cX]\d{2,3}-[^\s]+", "b123-z", True),
        (r"[]x]", "]", True),
        (r"[a\-z]", "-", True),
        ("a{2}b{0,1}c{1,}", "aacc", True),
        ("a{2,3}$", "a", False),
        ("x{", "x{", True),
        ("(?:ab|cd)+?e", "cdabe", True),
        ("", "x", None),
        ("Ärger|straße", "STRASSE ärger", True),
        (r"\.\*\(", ".*(", True),
        ("a|", "zzz", True),
        (r"\W\S\D", "- x", False),
        ("aab", "xaaab", True),  # a match may begin while another is being tried
        ("abac", "ababac", True),
        ("^b|a$", "xa\ny", True),
    ],
)
def test_what_is_found(pattern: str, text: str, found: bool | None) -> None:
    if found is None:
        with pytest.raises(Invalid):
            compiled(pattern)
        return
    assert (compiled(pattern).search(text) is not None) is found


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "(?=a)", "(?P<n>a)", "(a", "a)", "[a", "*a", "a**", "a{5,2}", "a{101}", "\\", r"\q", "[z-a]",
     "(" * 31 + ")" * 31, "x" * 501, "(a{100}){100}", "[\\"],
)  # fmt: skip
def test_what_is_refused_is_said(pattern: str) -> None:
    with pytest.raises(Invalid, match=r"\.$"):
        compiled(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){12}b", "a*a*a*a*a*b", r"^(\w+\s?)*$!"])
def test_no_going_back(pattern: str) -> None:
    began = time.process_time()
    with suppress(TooMuch):
        assert compiled(pattern).search("a" * 100_000 + "!") is None
    assert time.process_time() - began < 5


_PIECES = st.sampled_from(
    ["a", "b", "c", ".", "^", "$", r"\b", r"\d", r"\w", "[ab]", "[^a]", "1", "_", "x{1,2}", "(?:ab|c)"]
)
_PATTERNS = st.lists(st.tuples(_PIECES, st.sampled_from(["", "*", "+", "?", "{2}"])), min_size=1, max_size=6)


@given(_PATTERNS, st.booleans(), st.text("abc1_ \n", max_size=12))
def test_the_same_is_found_as_by_pythons_own(pieces: list[tuple[str, str]], either: bool, text: str) -> None:
    placed = [one + ("" if one in {"^", "$", r"\b", "x{1,2}"} else times) for one, times in pieces]
    pattern = ("|" if either else "").join(placed)
    ours = compiled(pattern).search(text) is not None
    assert ours == (re.search(pattern, text, re.IGNORECASE | re.MULTILINE) is not None)
