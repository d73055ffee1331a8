"""Everything a person reads goes through `_`, so that it can be translated."""

from __future__ import annotations

import gettext
from pathlib import Path

_translation = gettext.translation("agendahub", Path(__file__).parent / "locales", fallback=True)


def _(message: str) -> str:
    """The message in the language of the environment (LANGUAGE, LC_ALL, LANG), or as it is."""
    return _translation.gettext(message)


def plural(one: str, many: str, count: int) -> str:
    """The form that goes with a number; ``{count}`` in it is filled in."""
    return _translation.ngettext(one, many, count).format(count=count)
