"""All suites, by the names that the table and the ratchet have for them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from tests.conformance import caldav_tests, caldavtester, litmus, server_tester
from tests.conformance.outcome import Outcome
from tests.conformance.servers import Tested
from tests.conformance.toolbox import NotThereError

Suite: TypeAlias = Callable[[Tested, Path], Outcome]

SUITES: Mapping[str, Suite] = {
    "python-caldav": caldav_tests.run,
    "caldav-server-tester": server_tester.run,
    **{f"litmus {name}": litmus.suite(name) for name in litmus.SUITES},
    **{f"CalDAVTester {name}": caldavtester.suite(name) for name in caldavtester.SUITES},
}


def outcome_of(suite: str, server: Tested, folder: Path) -> Outcome:
    """What a suite says; why it could not, where it could not be fetched or came to no end."""
    try:
        return SUITES[suite](server, folder)
    except NotThereError as err:
        return Outcome(why_not=str(err))
    except subprocess.TimeoutExpired:
        return Outcome(why_not="It came to no end.")
