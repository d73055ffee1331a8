"""python-caldav's own tests against a server that runs elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from lxml import etree

from tests.conformance.outcome import Outcome, Verdict
from tests.conformance.servers import Tested
from tests.conformance.toolbox import toolbox

_PATIENCE = 900  # seconds
# Compares the client's own list of a server's features with what its other suite finds, which runs here by itself.
_LEFT_OUT = "testCheckCompatibility"


def run(server: Tested, folder: Path) -> Outcome:
    """Its integration tests, as far as they are about a server."""
    tools = toolbox()
    source = folder / "caldav"
    shutil.copytree(tools.caldav, source)
    (source / "tests" / "caldav_test_servers.json").write_text(json.dumps({"test-servers": _configuration(server)}))
    report = folder / "caldav.xml"
    options = [
        *("-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}"),
        *("-o", "filterwarnings=default", "-o", "asyncio_default_fixture_loop_scope=function"),
        *("-k", f"ForServer{_name(server)} and not {_LEFT_OUT}"),
    ]
    environment = {
        **os.environ,
        "PYTHON_CALDAV_TEST_DOCKER": "0",
        "PYTHON_CALDAV_TEST_EMBEDDED": "0",
        "TMPDIR": str(folder),
        "HOME": str(folder),
    }
    command = [str(tools.python), "-m", "pytest", "tests/test_caldav.py", *options]
    with (folder / "caldav.log").open("wb") as log:
        subprocess.run(command, cwd=source, env=environment, stdout=log, stderr=log, timeout=_PATIENCE, check=False)
    return Outcome(_verdicts(report)) if report.exists() else Outcome(why_not=f"see {folder}/caldav.log")


def _configuration(server: Tested) -> dict[str, Any]:
    people = [{"url": server.url, "username": a.name, "password": a.password} for a in server.accounts]
    itself: dict[str, Any] = {"type": "external", "enabled": True, "features": server.features, **people[0]}
    if len(people) > 1:
        itself["scheduling_users"] = people
    return {_name(server): itself}


def _name(server: Tested) -> str:
    """Not "radicale" or "xandikos": those the suite would start by itself."""
    return f"tested_{server.name}"


def _verdicts(report: Path) -> dict[str, Verdict]:
    found = {}
    for case in etree.parse(report).iter("testcase"):
        kind = str(case.get("classname")).rpartition(".")[2].partition("ForServer")[0]
        states = {str(child.tag) for child in case}
        verdict = Verdict.FAILED if states & {"failure", "error"} else Verdict.PASSED
        found[f"{kind}.{case.get('name')}"] = Verdict.SKIPPED if "skipped" in states else verdict
    return found
