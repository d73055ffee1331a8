"""caldav-server-tester: which features of CalDAV a server has, as its maker understands them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.conformance.outcome import Outcome, Verdict
from tests.conformance.servers import Tested
from tests.conformance.toolbox import toolbox

_PATIENCE = 900  # seconds


def run(server: Tested, folder: Path) -> Outcome:
    """Every feature that it looked for."""
    sections = {
        f"user{number}": {
            "caldav_url": server.url,
            "caldav_username": account.name,
            "caldav_password": account.password,
        }
        for number, account in enumerate(server.accounts, 1)
    }
    (folder / "tester.json").write_text(json.dumps(sections))
    users = [option for name in sections for option in ("--config-section", name)]
    program = toolbox().python.with_name("caldav-server-tester")
    environment = {**os.environ, "HOME": str(folder), "CALDAV_CONFIG_FILE": str(folder / "tester.json")}
    command = [str(program), "--format", "hints", *users]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    (folder / "tester.log").write_text(done.stdout + done.stderr)
    begin, end = done.stdout.find("{"), done.stdout.rfind("}")
    if begin < 0:
        return Outcome(why_not=f"see {folder}/tester.log")
    return Outcome(_verdicts(ast.literal_eval(done.stdout[begin : end + 1]), _standard()))


def _standard() -> dict[str, str]:
    """What the suite takes for the standard's: a few features are ones that a server had better not have."""
    code = (
        "import json; from caldav.compatibility_hints import FeatureSet; print(json.dumps("
        "{name: (about.get('default') or {}).get('support', 'full') for name, about in FeatureSet.FEATURES.items()}))"
    )
    done = subprocess.run([str(toolbox().python), "-c", code], capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _verdicts(features: dict[str, dict[str, Any]], standard: dict[str, str]) -> dict[str, Verdict]:
    """As the standard has it, or more. A feature that is a value, such as a limit, is no question of passing."""
    found = {name: str(about["support"]) for name, about in features.items() if "support" in about}
    return {name: _verdict(support, standard.get(name, "full")) for name, support in found.items()}


def _verdict(support: str, standard: str) -> Verdict:
    if support == "unknown":
        return Verdict.SKIPPED
    return Verdict.PASSED if support in ("full", "quirk", standard) else Verdict.FAILED
