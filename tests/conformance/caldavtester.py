"""Apple's CalDAVTester, which needs Python 2: only where both are given by environment variables.

AGENDAHUB_CALDAVTESTER names a checkout of it, AGENDAHUB_PYTHON2 an interpreter that has what it requires.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

from tests.conformance.outcome import Outcome, Verdict
from tests.conformance.servers import Tested
from tests.conformance.tester_site import serverinfo

SUITES = ("CalDAV", "CardDAV", "scheduling")
_PATIENCE = 300  # seconds, for a file
_VERDICTS = {0: Verdict.PASSED, 1: Verdict.FAILED, 2: Verdict.FAILED, 3: Verdict.SKIPPED}
_WHOLE = "as a whole"  # a file or suite of which nothing ran
# Of its files those that need no more than three users and nothing that only Apple's server has.
_FILES = {
    "CalDAV": (
        *("bad-ical", "conditional", "copymove", "ctag", "current-user-principal", "delete", "depthreports"),
        *("encodedURIs", "errors", "floating", "get", "mkcalendar", "nonascii", "options", "propfind", "proppatch"),
        *("put", "recurrenceput", "reports", "sync-report", "timezones", "vtodos"),
    ),
    "CardDAV": (
        *("copymove", "current-user-principal", "errorcondition", "errors", "get", "mkcol", "nonascii", "propfind"),
        *("proppatch", "put", "reports", "sync-report"),
    ),
    "scheduling": (
        *("freebusy", "implicitcancels", "implicitcopymove", "implicitrecur1", "implicitrecur2"),
        *("implicitreschedule", "implicitscheduletag", "implicitsequence", "schedulepost", "scheduleprops"),
    ),
}
_FOLDERS = {"scheduling": "CalDAV"}  # of its tests; the others are called like their folder


def suite(name: str) -> Callable[[Tested, Path], Outcome]:
    """A part of it."""
    return lambda server, folder: run(name, server, folder)


def run(name: str, server: Tested, folder: Path) -> Outcome:
    """The verdict on each of its tests."""
    checkout, python = os.environ.get("AGENDAHUB_CALDAVTESTER", ""), os.environ.get("AGENDAHUB_PYTHON2", "")
    program = Path(checkout) / "testcaldav.py"
    if not (checkout and python):
        said = "CalDAVTester runs where AGENDAHUB_CALDAVTESTER names its checkout and AGENDAHUB_PYTHON2 a Python 2."
        return Outcome(why_not=said)
    if not program.exists():
        return Outcome(why_not=f"There is no testcaldav.py in {checkout} (AGENDAHUB_CALDAVTESTER).")
    found: dict[str, Verdict] = {}
    try:
        for file in files(name):
            found |= _of_one(file, [python, program.name], Path(checkout), server, folder)
    except FileNotFoundError:
        return Outcome(why_not=f"{python} (AGENDAHUB_PYTHON2) cannot be started.")
    return Outcome(found) if found else Outcome(why_not=f"CalDAVTester found nothing: see {folder}.")


def _of_one(file: str, program: list[str], checkout: Path, server: Tested, folder: Path) -> dict[str, Verdict]:
    """Each file begins with empty calendars: what a server takes that Apple's refuses is in no other file's way."""
    (folder / "serverinfo.xml").write_bytes(serverinfo(server))
    command = [*program, "-s", str(folder / "serverinfo.xml"), "--observer", "jsondump", file]
    try:
        done = subprocess.run(command, cwd=checkout, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return {f"{file.removesuffix('.xml')}: {_WHOLE}": Verdict.FAILED}
    printed = done.stdout.decode(errors="replace")
    (folder / f"{file.replace('/', '-')}.log").write_text(printed + done.stderr.decode(errors="replace"))
    return verdicts(printed)


def files(name: str) -> list[str]:
    """Its files, as its command line wants them."""
    return [f"{_FOLDERS.get(name, name)}/{file}.xml" for file in _FILES[name]]


def verdicts(printed: str) -> dict[str, Verdict]:
    """From what its observer "jsondump" prints: a line of JSON, after whatever else was printed."""
    line = next((line for line in reversed(printed.splitlines()) if line.startswith("[")), "[]")
    found: dict[str, Verdict] = {}
    for name, result in chain.from_iterable(map(_of_file, json.loads(line))):
        again = next(number for number in count(1) if _numbered(name, number) not in found)
        found[_numbered(name, again)] = _VERDICTS[result]
    return found


def _numbered(name: str, number: int) -> str:
    """Some names are there twice."""
    return f"{name} ({number})" if number > 1 else name


def _of_file(file: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Files hold suites, suites hold tests; what could not run has a result of its own, and nothing in it."""
    path = "/".join(str(file["name"]).removesuffix(".xml").split("/")[-2:])
    if file["result"] is not None:
        yield f"{path}: {_WHOLE}", file["result"]
    for group in file["tests"]:
        if group["result"] is not None:
            yield f"{path}: {group['name']}: {_WHOLE}", group["result"]
        for test in group["tests"]:
            yield f"{path}: {group['name']}: {test['name']}", test["result"]
