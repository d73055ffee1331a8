"""The language of a page: of those there are translations for, the one that the browser likes best."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parents[1] / "locales"  # <language>/LC_MESSAGES/pages.mo
_DOMAIN = "pages"
_OURS = "en"  # what the texts in the program are written in


@cache
def translation(language: str) -> gettext.NullTranslations:
    """The texts in a language; ours where there are none."""
    return gettext.translation(_DOMAIN, LOCALES, [language], fallback=True)


@cache
def languages() -> tuple[str, ...]:
    """Those that can be chosen from."""
    there = sorted(found.parents[1].name for found in LOCALES.glob(f"*/LC_MESSAGES/{_DOMAIN}.mo"))
    return (_OURS, *(name for name in there if name != _OURS))


def language(accepted: str) -> str:
    """The best for an Accept-Language header (RFC 9110 12.5.4; lookup as in RFC 4647 3.4)."""
    known = {name.lower().replace("_", "-"): name for name in languages()}
    for wanted in _by_liking(accepted):
        while wanted:
            if wanted in known:
                return known[wanted]
            wanted = wanted.rpartition("-")[0]  # noqa: PLW2901 - shorter and shorter
    return _OURS


def _by_liking(accepted: str) -> list[str]:
    liked: list[tuple[float, str]] = []
    for part in accepted.lower().split(",")[:20]:
        tag, _semicolon, quality = part.partition(";")
        try:
            liked.append((float(quality.strip().removeprefix("q=") or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for quality, tag in sorted(liked, key=lambda pair: -pair[0]) if quality > 0]
