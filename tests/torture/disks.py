"""A disk that can be made full: a small file system where that is allowed, else a limit on the size of files."""

from __future__ import annotations

import errno
import os
import random
import resource
import subprocess
from pathlib import Path

_SIZE = 512 * 1024 * 1024
BALLAST = ".ballast"
_SOON = 1024 * 1024  # octets: more is left only for so many uploads that they fill the disk themselves


class SmallDisk:
    """A file system in memory, of its own; needs the right to mount."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._ballast = folder / BALLAST
        command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0777", "agendahub-torture", str(folder)]
        subprocess.run(command, check=True, capture_output=True)

    @classmethod
    def possible(cls) -> bool:
        """May we mount here?"""
        if os.geteuid() != 0:
            return False
        try:
            return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    def fill(self, dice: random.Random) -> None:
        """All but a few pages."""
        with self._ballast.open("ab") as file:
            size = file.tell()
            for step in (1024 * 1024, 4096):
                try:
                    while True:
                        os.posix_fallocate(file.fileno(), size, step)
                        size += step
                except OSError as err:
                    if err.errno != errno.ENOSPC:
                        raise
            file.truncate(max(0, size - 4096 * dice.randrange(60)))

    def free(self) -> None:
        """There is room again."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Give it back."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False, capture_output=True)


class FileLimit:
    """No file of a process may be written beyond a size, as with a quota; needs no rights."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, dice: random.Random, process: int) -> None:
        """Somewhere within the store's files, and soon."""
        sizes = [file.stat().st_size for file in self._folder.glob("agendahub.db*") if file.is_file()]
        largest = min(max(sizes), _SOON)
        _soft, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (dice.randrange(largest), hard))

    def free(self, process: int) -> None:
        """There is room again."""
        _soft, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (hard, hard))
