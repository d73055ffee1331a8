"""One run: disasters in a drawn order, and in the end everything must be as if there had been none."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from storage import schema
from tests.torture.disasters import DISASTERS
from tests.torture.ledger import Verdict
from tests.torture.report import Report
from tests.torture.world import World

PATIENCE = 120.0  # seconds until everything must have converged
CHECKPOINT = 60  # disasters after which it is looked whether all is well, in a long run

Tick = Callable[[str], None]


class Failed(AssertionError):
    """With everything one needs to look into it."""


def usual(kills: int, kind: str) -> dict[str, int]:
    """Of each disaster, how many go with so many kills."""
    some = max(1, kills // 16)
    return {
        "kill": kills,
        "end": some,
        "restart": 2 * some if kind == "postgresql" else 0,
        "late": some if kind == "postgresql" else 0,
        "cut": some if kind == "postgresql" else 0,
        "full": some,
        "server": 2 * some,
        "wire": 2 * some,
    }


def run(kind: str, seed: int, counts: Mapping[str, int], tick: Tick = lambda _what: None) -> Report:
    """Raises Failed. What a failing run leaves is kept."""
    folder = Path(tempfile.mkdtemp(prefix=f"agendahub-torture-{kind}-seed{seed}-"))
    try:
        with ExitStack() as stack:
            world = World(stack, kind, folder, seed)
            try:
                _torture(world, order(kind, seed, counts), tick)
            except BaseException:
                _keep(world)
                raise
    except Exception as err:
        words = " ".join(f"{name.upper()}S={many}" for name, many in counts.items() if many)
        raise Failed(
            f"{err}\nkept: {folder}\nreplay: make torture STORE={kind} SEED={seed} {words}\n{traceback.format_exc()}"
        ) from None
    shutil.rmtree(folder, ignore_errors=True)
    return world.report


def order(kind: str, seed: int, counts: Mapping[str, int]) -> list[str]:
    """The same for the same seed."""
    found = [name for name in DISASTERS for _ in range(counts.get(name, 0))]
    random.Random(f"{kind} {seed} order").shuffle(found)
    return found


def _torture(world: World, disasters: list[str], tick: Tick) -> None:
    world.begin()
    for number, name in enumerate(disasters, 1):
        if name == "full" and not world.store.can_fill:
            tick("skipped")
            continue
        DISASTERS[name](world)
        world.report.count[name] += 1
        world.check_people()
        tick(name)
        if number % CHECKPOINT == 0 and number < len(disasters):
            with world.hands_off(*world.people):
                _converge(world)
    world.leave()
    _converge(world)
    _nothing_moves(world)
    world.daemon.end()
    assert not (found := schema.problems(world.store.url)), f"the store is damaged: {found}"
    for word in ("Traceback", "broke off unexpectedly", "a request failed", "reported an error", "breaks its rules"):
        assert word not in world.daemon.log(), f"{word!r} is in the log"
    assert not world.report.slow, f"too slow: {', '.join(world.report.slow)}"


def _converge(world: World) -> None:
    """Until all places hold what they must. Started afresh, so that no pause after an error is waited for."""
    world.daemon.kill()
    world.daemon.start()
    world.daemon.until_it_serves()
    began, verdict = time.monotonic(), Verdict((), (), ())
    while time.monotonic() - began < PATIENCE:
        world.daemon.until_cycles(1)
        verdict = world.ledger.judge(world.held(), world.conflicts())
        if verdict.well:
            break
    world.report.judged(verdict)
    world.report.took("converged", time.monotonic() - began)
    assert verdict.well, str(verdict)


def _nothing_moves(world: World) -> None:
    """Once everything is in step, further cycles write nothing anywhere."""
    world.daemon.until_cycles(2)
    before = world.etags(), world.open_ends()
    assert not before[1]["quarantine"], before[1]["quarantine"]
    assert not before[1]["intents"], "writes are left in the outbox"
    assert not before[1]["holds"], "deletions are held"
    world.daemon.until_cycles(2)
    assert before == (world.etags(), world.open_ends()), "a cycle with nothing to do wrote something"


def _keep(world: World) -> None:
    """What ends with the run otherwise."""
    world.daemon.close()
    world.store.keep(world.folder / "kept")
