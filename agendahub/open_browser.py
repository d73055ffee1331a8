"""Opens an address in the browser of whoever sits at this machine."""

from __future__ import annotations

import os
import sys


def opened(url: str) -> bool:
    """False where nobody looks at a screen: a browser for terminals would take the terminal over."""
    if not sys.stdout.isatty() or not _screen():
        return False
    import webbrowser

    return webbrowser.open(url)


def _screen() -> bool:
    if sys.platform in {"darwin", "win32"}:
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
