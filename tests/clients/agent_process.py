"""A program that answers one line of JSON for each line of JSON, within bounds of time."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.clients.client import PATIENCE
from tests.servers.processes import end

_ENDS = 15.0  # seconds it may take to end by itself after its input ended


class AgentProcess:
    """The program that runs."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process, self._log = process, log
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(_pipe(process.stdout),), daemon=True)
        self._reader.start()

    @classmethod
    @contextmanager
    def running(cls, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[AgentProcess]:
        """Start it, and end it by the end of its input; what it says beside is in `log`."""
        with log.open("w") as errors:
            process = subprocess.Popen(
                list(command), env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                text=True, encoding="utf-8",
            )  # fmt: skip
        agent = cls(process, log)
        try:
            yield agent
        finally:
            agent.close()

    def ask(self, command: str, *arguments: Any, seconds: float = 3 * PATIENCE) -> Any:
        """What it answers; fails when it says an error, says nothing, or is gone."""
        pipe = _pipe(self._process.stdin)
        pipe.write(json.dumps([command, *arguments]) + "\n")
        pipe.flush()
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            line = ""
        assert line, f"{command} was not answered:\n{self._log.read_text(errors='replace')[-3000:]}"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["is"]

    def _read(self, pipe: IO[str]) -> None:
        for line in pipe:
            self._lines.put(line)
        self._lines.put("")

    def close(self) -> None:
        """In good order, else at once."""
        _pipe(self._process.stdin).close()
        try:
            self._process.wait(_ENDS)
        except subprocess.TimeoutExpired:
            end(self._process)  # type: ignore[arg-type]
        self._reader.join(_ENDS)
        _pipe(self._process.stdout).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
