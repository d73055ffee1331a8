"""litmus (Debian): plain WebDAV."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.conformance.outcome import Outcome, Verdict
from tests.conformance.servers import Tested

SUITES = ("basic", "copymove", "props", "locks", "http")
_PATIENCE = 300  # seconds
_LINE = re.compile(r"^ *(\d+)\. (\w+)\.* ")
_SAID = re.compile(r"(?:\.|^ *\d+\. \w+) (pass|FAIL|SKIPPED)\b")  # there are no dots after a long name
_VERDICTS = {"pass": Verdict.PASSED, "FAIL": Verdict.FAILED, "SKIPPED": Verdict.SKIPPED}


def suite(name: str) -> Callable[[Tested, Path], Outcome]:
    """One of its programs."""
    return lambda server, folder: run(
        name, server.plain_url, server.accounts[0].name, server.accounts[0].password, folder
    )


def run(name: str, url: str, user: str, password: str, folder: Path) -> Outcome:
    """The verdict on each of its tests; those it does not come to after a failure are missing."""
    program = shutil.which("litmus")
    if program is None:
        return Outcome(why_not="litmus is not installed (apt install litmus)")
    done = subprocess.run(
        [program, "-k", url, user, password],
        cwd=folder,
        env={**os.environ, "TESTS": name},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_PATIENCE,
        check=False,
    )
    (folder / f"litmus-{name}.log").write_text(done.stdout + done.stderr)
    return Outcome(verdicts(done.stdout))


def verdicts(printed: str) -> dict[str, Verdict]:
    """From what it prints: a test's number and name, and its verdict there or, after warnings, on a line below."""
    found, name = {}, ""
    for line in printed.replace("\r", "\n").splitlines():
        begun, said = _LINE.match(line), _SAID.search(line)
        name = f"{begun[1]} {begun[2]}" if begun else name
        if name and said:
            found[name] = _VERDICTS[said[1]]
    return found
