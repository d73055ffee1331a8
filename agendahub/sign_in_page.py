"""The page at the end of a sign-in in a browser. No script, nothing from elsewhere, no token."""

from __future__ import annotations

from html import escape

from agendahub.redaction import sentence
from agendahub.texts import _

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}
_STYLE = "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem;max-width:40rem}"


def page(text: str, *, well: bool) -> str:
    """A whole HTML document."""
    title = _("You are signed in") if well else _("The sign-in did not work")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - AgendaHub</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1><p>{escape(sentence(text))}</p></main></body></html>"
    )
