"""Names of WebDAV-Push (draft-bitfire-webdav-push)."""

from __future__ import annotations

PUSH = "https://bitfire.at/webdav-push"
DECLARED = f'xmlns:P="{PUSH}"'
FEATURE = "webdav-push"  # in the DAV header


def push(name: str) -> str:
    """A name in the namespace of WebDAV-Push, as lxml writes it."""
    return f"{{{PUSH}}}{name}"
