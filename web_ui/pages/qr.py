"""A QR code as a picture that is part of the page: nothing to load."""

from __future__ import annotations

import segno


def code(text: str, title: str) -> str:
    """SVG, black on white whatever the page's colours are, with a title for who does not see it."""
    drawn: str = segno.make(text, micro=False).svg_inline(
        scale=5, border=4, dark="#000", light="#fff", title=title, omitsize=False, svgclass="qr", lineclass=None
    )
    return drawn.replace("<svg ", '<svg role="img" ', 1)
