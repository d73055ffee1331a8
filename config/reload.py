"""Watches the configuration file of a running daemon. A bad new file is refused and the old configuration goes on."""

from __future__ import annotations

from config.errors import ConfigError
from config.loading import Loaded, load


class Watch:
    """Call `check` now and then; `current` is always a configuration that can be used."""

    def __init__(self, loaded: Loaded) -> None:
        self.current = loaded
        self.problem = ""  # why the file on disk is not in use; empty when it is
        self._seen = self._stamp()

    def check(self) -> bool:
        """Look at the file; True when `current` is a new configuration. Costs one stat when nothing changed."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            loaded = load(self.current.path)
        except ConfigError as err:
            self.problem = str(err)
            return False
        self.problem = ""
        changed = loaded.text != self.current.text
        self.current = loaded
        return changed

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self.current.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
