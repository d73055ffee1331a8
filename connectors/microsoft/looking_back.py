"""Whether it can be said already that a mail did not go out: a copy of it comes into the mailbox a while later."""

from __future__ import annotations

from collections.abc import Callable

from sync_engine.errors import Unavailable

LATEST = 120.0  # seconds after which a mail that was taken has its copy


class LookingBack:
    """Of one sender. A new one knows nothing of what was sent just before by another, so it is careful as well."""

    def __init__(self, now: Callable[[], float], patience: float = LATEST) -> None:
        self._now = now
        self._patience = patience
        self._since = now()

    def note(self) -> None:
        """A mail may be on its way."""
        self._since = self._now()

    def not_found(self) -> bool:
        """False, when that proves something. Raises Unavailable when it is too early."""
        left = self._since + self._patience - self._now()
        if left > 0:
            raise Unavailable(f"The mail may still be on its way; its copy is looked for again in {left:.0f} seconds.")
        return False
