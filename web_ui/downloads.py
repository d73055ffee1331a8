"""Files that came by mail go out as downloads: no browser shows or runs one of them as a page of ours."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.responses import Response

from web_ui.errors import SAFE

_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"})
_TAME = re.compile(r"[^A-Za-z0-9._ -]")


def download(content: bytes, name: str, media_type: str = "") -> Response:
    """`name` may be anything; a type that is not harmless is told as octets (RFC 6266, RFC 8187)."""
    plain = _TAME.sub("_", name).strip(" .")[:100] or "file"
    exact = quote("".join(c for c in name if c.isprintable() and c not in "/\\")[:200] or plain, safe="")
    headers = SAFE | {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
    }
    return Response(
        content, media_type=media_type if media_type in _SHOWN else "application/octet-stream", headers=headers
    )
