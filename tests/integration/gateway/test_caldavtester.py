"""CalDAVTester in `make conformance`: what it is told of our gateway, and how its results are read.

The suite itself needs Python 2; a program that prints what it prints stands in its place.
"""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
import requests
from lxml import etree

from tests.conformance import caldavtester, servers
from tests.conformance.outcome import Outcome, Verdict
from tests.conformance.suites import SUITES

NOBODY = servers.Tested("nobody", "http://127.0.0.1:9/", "", [servers.Account("x", "y")])
PASSED, FAILED, SKIPPED = Verdict.PASSED, Verdict.FAILED, Verdict.SKIPPED
PRINTED = [
    {"name": "scripts/tests/CalDAV/odd.xml", "details": "Missing features: x", "result": 3, "tests": []},
    {"name": "/c/scripts/tests/CalDAV/bad.xml", "details": "FATAL ERROR: y", "result": 2, "tests": []},
    {
        "name": "scripts/tests/CalDAV/get.xml",
        "details": "",
        "result": None,
        "tests": [
            {"name": "Left out", "details": "    Deliberately ignored", "result": 3, "tests": []},
            {
                "name": "GET",
                "details": "",
                "result": None,
                "time": 1.5,
                "tests": [
                    {"name": "1", "details": "", "result": 0, "time": 1.5},
                    {
                        "name": "2",
                        "details": "Failed Verifier: x\n",
                        "result": 1,
                        "time": 1.5,
                        "protocol": ["GET / HTTP/1.1"],
                    },
                    {"name": "2", "details": "", "result": 0},
                    {"name": "3", "details": "      No iteration data - ignored", "result": 3},
                ],
            },
        ],
    },
    # What breaks in the middle of a file comes after what ran of it, under the same name.
    {"name": "scripts/tests/CalDAV/get.xml", "details": "FATAL ERROR: string index", "result": 2, "tests": []},
]
READ = {
    "CalDAV/odd: as a whole": SKIPPED,
    "CalDAV/bad: as a whole": FAILED,
    "CalDAV/get: Left out: as a whole": SKIPPED,
    "CalDAV/get: GET: 1": PASSED,
    "CalDAV/get: GET: 2": FAILED,
    "CalDAV/get: GET: 2 (2)": PASSED,
    "CalDAV/get: GET: 3": SKIPPED,
    "CalDAV/get: as a whole": FAILED,
}


def test_its_results_are_read() -> None:
    assert caldavtester.verdicts(f"Something else\n{json.dumps(PRINTED)}\n") == READ
    assert caldavtester.verdicts("Traceback (most recent call last):\n") == {}
    assert Outcome(READ).shown() == "2/5 (+3 skipped)"


def test_it_is_left_out_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AGENDAHUB_CALDAVTESTER", "AGENDAHUB_PYTHON2"):
        monkeypatch.delenv(name, raising=False)
    assert "AGENDAHUB_PYTHON2" in caldavtester.run("CalDAV", NOBODY, tmp_path).why_not
    monkeypatch.setenv("AGENDAHUB_CALDAVTESTER", str(tmp_path))
    monkeypatch.setenv("AGENDAHUB_PYTHON2", sys.executable)
    assert "no testcaldav.py" in caldavtester.run("CalDAV", NOBODY, tmp_path).why_not
    assert {f"CalDAVTester {name}" for name in caldavtester.SUITES} <= set(SUITES)


def test_it_is_told_what_our_gateway_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    program = checkout / "testcaldav.py"
    program.write_text(f"import sys\nopen('said', 'w').write(' '.join(sys.argv[1:]))\nprint({json.dumps(PRINTED)!r})\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("AGENDAHUB_CALDAVTESTER", str(checkout))
    monkeypatch.setenv("AGENDAHUB_PYTHON2", sys.executable)
    (tmp_path / "server").mkdir()
    with servers.gateway(tmp_path / "server") as server:
        assert caldavtester.run("CardDAV", server, tmp_path).tests == READ
        said = (checkout / "said").read_text()
        assert f"-s {tmp_path}/serverinfo.xml --observer jsondump CardDAV/sync-report.xml" in said
        root = etree.parse(tmp_path / "serverinfo.xml").getroot()
        names = {one.findtext("key"): one.findtext("value") for one in root.iter("substitution")}
        url = f"http://{root.findtext('host')}:{root.findtext('nonsslport')}"
        assert server.url == f"{url}{names['$root:']}"
        for number, account in enumerate(server.accounts, 1):
            assert names[f"$userid{number}:"] == account.name
            who = (account.name, str(names[f"$pswd{number}:"]))
            for kind in ("calendarpath", "taskspath", "addressbookpath", "inboxpath", "outboxpath", "principal"):
                path = str(names[f"${kind}{number}:"]).rstrip("/")
                found = requests.request("PROPFIND", f"{url}{path}/", auth=who, headers={"Depth": "0"}, timeout=30)
                assert (kind, path, found.status_code) == (kind, path, 207)
    features = {str(one.text) for one in root.iter("feature")}
    wanted = {"caldav", "carddav", "implicit-scheduling", "COPY Method", "sync-report", "Extended MKCOL"}
    assert wanted <= features
