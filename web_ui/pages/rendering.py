"""From what a page shows to an answer: Jinja templates, escaped, with headers that let nothing else in."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from web_ui.pages.texts import translation
from web_ui.pages.visit import Shown, Visit

_TEMPLATES = Path(__file__).parent / "templates"
STYLE = (_TEMPLATES / "style.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "referrer-policy": "same-origin",  # "no-referrer" would hide the origin of our own forms
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def answer(visit: Visit, shown: Shown) -> Response:
    """What is sent."""
    if shown.location:
        response = Response(status_code=303, headers={**HEADERS, "location": visit.root + shown.location})
    elif shown.content:
        response = Response(shown.content, shown.status, headers={**HEADERS, **shown.headers})
    else:
        said = {"content-language": visit.language, "vary": "Accept-Language, Cookie"}
        headers = {**HEADERS, **said, **shown.headers}
        response = Response(page(visit, shown), shown.status, headers=headers, media_type="text/html")
    for cookie in shown.set_cookies:
        response.headers.append("set-cookie", cookie)
    return response


def page(visit: Visit, shown: Shown) -> str:
    """A whole HTML document."""
    session = visit.session
    values: dict[str, Any] = {"root": visit.root, "lang": visit.language, "person": session, "style": Markup(STYLE)}  # noqa: S704 - our own
    values |= {"csrf": session.csrf if session else "", "sorry": "", "wrong": "", "told": visit.query.get("told", "")}
    return _templates(visit.language).get_template(shown.template).render({**values, **shown.values})


@cache
def _templates(language: str) -> Environment:
    """One for each language, as templates are translated when they are read."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translation(language), newstyle=True)  # type: ignore[attr-defined]
    environment.filters["when"] = _when
    return environment


def _when(at: datetime) -> Markup:
    """For people and for machines, in UTC: without a script nobody knows where the reader is."""
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d %H:%M} UTC")
