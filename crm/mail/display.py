"""A mail as a page that is safe to show (REQUESTS.md 10).

Three fences, each enough alone: only harmless elements and attributes are left (nh3); no address outside is left in
them until somebody asks; and the page is for an iframe with `sandbox`, under a policy that forbids scripts, forms,
frames, and every request but for images that were asked for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import nh3

from crm.mail.model import Mail
from crm.mail.parts import Part, normalised, read_parts
from crm.mail.quoting import folded_html, folded_text

_TAGS = {
    "a", "abbr", "address", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "dfn", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title", "align", "valign"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
    "td": {"width", "height", "colspan", "rowspan", "bgcolor"},
    "th": {"width", "height", "colspan", "rowspan", "bgcolor"},
    "tr": {"bgcolor"},
    "ol": {"start", "type"},
    "col": {"width", "span"},
}
# Nothing that places an element outside its place, hides it, or names an address.
_STYLES = {
    "color", "background-color", "font-family", "font-size", "font-style", "font-weight", "line-height", "text-align",
    "text-decoration", "text-indent", "vertical-align", "white-space", "width", "max-width", "padding", "padding-left",
    "padding-right", "padding-top", "padding-bottom", "margin-left", "margin-right", "margin-top", "margin-bottom",
    "border", "border-collapse", "border-color", "border-style", "border-width", "border-top", "border-bottom",
    "border-left", "border-right", "border-spacing",
}  # fmt: skip
_CALLS = ("url(", "expression(", "image(", "image-set(")  # in styles
_LINKS = {"http", "https", "mailto", "tel"}
_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}
_LARGEST = 600_000  # characters
_REFERENCES = 50_000  # &amp; and the like
_DEEPEST = 500  # elements in elements
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})")
_NEVER_DEEP = {  # without content, or closed by the next one
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option",
}  # fmt: skip
_INLINE = 8 * 1024 * 1024  # octets of all pictures of the mail itself that a page carries
_MOST_REMOTE = 500
_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<style>body{{font:14px sans-serif;overflow-wrap:anywhere}}img{{max-width:100%}}pre{{white-space:pre-wrap}}
summary{{cursor:pointer}}</style></head><body>{body}</body></html>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole HTML document, for an iframe with `sandbox` and the headers given here."""

    html: str
    policy: str  # the value of Content-Security-Policy
    remote_images: int  # that were left out, or are shown when asked for


@dataclass(slots=True)
class _Images:
    """What becomes of pictures."""

    remote: bool
    own: Mapping[str, str]  # data addresses by content id
    seen: int = 0

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """For nh3: the value to keep; None to drop it."""
        if name == "href":
            return value if _scheme(value) in _LINKS else None
        if (tag, name) != ("img", "src"):
            return None if any(word in value.lower() for word in _CALLS) else value
        scheme = _scheme(value)
        if scheme == "cid":
            return self.own.get(value[4:].strip().lower())
        if scheme == "data":
            return value if value[5:].partition(";")[0].lower() in _PICTURES else None
        if scheme in {"http", "https"} or value.startswith("//"):
            self.seen += 1
            return value if self.remote and scheme == "https" and self.seen <= _MOST_REMOTE else None
        return None


def page(mail: Mail, *, raw: bytes = b"", images: bool = False, quoted: str = "Quoted text") -> Page:
    """The text of a mail. Remote images only when `images`; quoted text is folded under `quoted`, not dropped.

    `raw` gives the pictures that the mail itself brings; without it they are left out.
    """
    seen = 0
    if mail.html.strip() and not _too_costly(mail.html):
        own = _own_pictures(raw) if raw and "cid:" in mail.html.lower() else {}
        rules = _Images(images, own)
        body = folded_html(_clean(mail.html, rules), quoted, lambda part: _clean(part, _Images(images, own)))
        seen = rules.seen
    else:
        body = folded_text(mail.text, quoted)
    return Page(_PAGE.format(body=body), policy(images), seen)


def policy(images: bool) -> str:
    """What the page may do: nothing, but for styles in it and pictures."""
    pictures = "data: https:" if images else "data:"
    return (
        f"default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )


def _clean(markup: str, rules: _Images) -> str:
    return nh3.clean(
        markup,
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "template", "noscript", "svg", "math"},
        attributes=_ATTRIBUTES,
        attribute_filter=rules.attribute,
        filter_style_properties=_STYLES,
        url_schemes=_LINKS | {"cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )


def _too_costly(markup: str) -> bool:
    """Such a mail is shown as text: the time that nh3 takes grows with the square of these."""
    if len(markup) > _LARGEST or markup.count("&") > _REFERENCES:
        return True
    depth = 0
    for tag in _TAG.finditer(markup):
        if tag[2].lower() not in _NEVER_DEEP:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            if depth > _DEEPEST:
                return True
    return False


def _scheme(value: str) -> str:
    head, colon, _ = value.strip().partition(":")
    return head.lower() if colon and head.isalnum() else ""


@dataclass(slots=True)
class _Room:
    left: int = _INLINE
    found: dict[str, str] = field(default_factory=dict)

    def take(self, part: Part, raw: bytes) -> None:
        name = part.headers.first("content-id").strip("<> ").lower()
        if not name or part.media_type not in _PICTURES or part.end - part.start > 2 * self.left:
            return
        octets = part.octets(raw)
        self.left -= len(octets)
        if self.left >= 0:
            self.found[name] = f"data:{part.media_type};base64,{base64.b64encode(octets).decode('ascii')}"


def _own_pictures(raw: bytes) -> Mapping[str, str]:
    raw = normalised(raw)
    room = _Room()
    for part in read_parts(raw).leaves:
        room.take(part, raw)
    return room.found
