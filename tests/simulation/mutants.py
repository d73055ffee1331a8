"""Bugs put into the engine, one at a time: the simulation, or a test, must find each (`make mutants`).

A bug that nothing finds is a rule that nothing checks.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NEEDED = ("sync_engine", "connectors", "storage", "config", "tests", "pyproject.toml")
_SEEDS = 800
_SECONDS = 240
_HUNT = """
import sys
from tests.simulation.run import run_seed
from tests.simulation.__main__ import kept_seeds
for seed in (*kept_seeds(), *range({seeds})):
    outcome = run_seed(seed)
    if outcome.violation:
        print(seed, outcome.violation[:300].replace(chr(10), " "))
        sys.exit(1)
"""


@dataclass(frozen=True)
class Mutant:
    """A bug: ``old`` becomes ``new`` in a file of the engine."""

    name: str
    file: str
    old: str
    new: str
    test: str = ""  # what finds it, where the simulation does not


MUTANTS = (
    Mutant("last writer wins", "decide.py", "    if hub == base:\n        return Decision(Outcome.TAKE_REMOTE", "    if True:\n        return Decision(Outcome.TAKE_REMOTE"),
    Mutant("hub always wins", "decide.py", "    if remote == base:\n        return Decision(Outcome.PUSH", "    if True:\n        return Decision(Outcome.PUSH"),
    Mutant("deletion at the remote wins", "decide.py", "    if base is not None and hub == base:", "    if True:"),
    Mutant("deletion in the hub wins", "decide.py", "(base is not None and remote == base)", "True"),
    Mutant("deletions are forgotten", "decide.py", 'return Decision(Outcome.DELETE_IN_HUB, "deleted at the remote")', 'return Decision(Outcome.RECREATE, "", hub)'),
    Mutant("no merge: remote wins", "decide.py", "Decision(Outcome.MERGE, reason, merged.record, merged.conflicts)", "Decision(Outcome.MERGE, reason, remote, ())"),
    Mutant("conflicts are not told", "decide.py", "Decision(Outcome.MERGE, reason, merged.record, merged.conflicts)", "Decision(Outcome.MERGE, reason, merged.record, ())"),
    Mutant("lossy fields are taken for deleted", "decide.py", "    if other is None or type(other) is not type(remote):\n        return remote", "    return remote"),
    Mutant("merge without a base", "decide.py", "merged = merge(base, hub, remote, policy.prefer)", "merged = merge(None, hub, remote, policy.prefer)"),
    Mutant("preference inverted", "merge.py", "return hub if side is Prefer.HUB else remote", "return remote if side is Prefer.HUB else hub"),
    Mutant("lists are united", "merge.py", "    if hub == remote or remote == base:\n        return hub\n    if hub == base:\n        return remote\n    if hub is None", "    if hub == remote:\n        return hub\n    if hub is None", "tests/property/test_merge_policy.py"),
    Mutant("loser not kept", "merge_report.py", "        self.conflicts.append(", "        _ = ("),
    Mutant("base taken from the read", "read_back.py", "        results.echoes[delivery.hub.id] = kept.item.text\n", "        pass\n"),
    Mutant("edit after our write taken for rewriting", "read_back.py", "    proven = bool(ref.version) and ref.version == kept.ref.version", "    proven = True"),
    Mutant("rewriting that nobody looked at", "read_back.py", "    if isinstance(results.cycle.connector, ReadBack):\n        results.written = [(d, RemoteRef(ref.id", "    if False:\n        results.written = [(d, RemoteRef(ref.id", "tests/unit/test_engine_faults.py"),
    Mutant("echo loses the hub's edit", "apply.py", "        if (operation := needed(step.hub, link)) is not None:", "        if (operation := needed(step.hub, link)) is None and operation:"),
    Mutant("echo taken for an edit", "plan.py", "        if _is_echo(link, base, read):", "        if False:"),
    Mutant("every lack is an echo", "plan.py", "link.pushed_at is not None and not link.remote_version and read != base", "read != base"),
    Mutant("token stored early", "pull.py", "_commit(cycle, binding, replace(page, cursor=None), matching=True, later=later)", "_commit(cycle, binding, replace(page, cursor=page.cursor or '0'), matching=True, later=later)"),
    Mutant("token stored before its page", "pull.py", "        cycle.pause_point()\n        seen.update", "        with cycle.store.begin() as uow:\n            uow.set_cursor(binding.id, page.cursor or binding.cursor)\n        seen.update"),
    Mutant("listing believed though cut off", "pull.py", "if last is None or not last.complete:", "if last is None:", "tests/contract/test_rules_deletions.py"),
    Mutant("empty listing believed", "pull.py", "    if shared and not seen and not binding.approved:", "    if False:", "tests/contract/test_rules_deletions.py"),
    Mutant("full listing finds no deletions", "pull.py", "        absent = [i for i in uow.linked_remote_ids(binding.id) if i not in seen]", "        absent: list[str] = []"),
    Mutant("deletions not verified", "removals.py", "        if isinstance(answer, Removed):\n            gone.append(answer.id)", "        if True:\n            gone.append(answer.id if isinstance(answer, Removed) else answer.ref.id)"),
    Mutant("brake off by one", "brake.py", "if len(titles) + self.done <= limit", "if len(titles) + self.done <= limit + 1"),
    Mutant("brake forgets the first pass", "brake.py", "if len(titles) + self.done <= limit", "if len(titles) <= limit"),
    Mutant("brake does not see late deletions", "push.py", "    if any(i.operation is Operation.DELETE and i.id not in passed for i in ready):", "    if False:"),
    Mutant("no brake in the hub", "removals.py", "    if brake.holds([r.title for r in deleting]):", "    if False:"),
    Mutant("approval lasts for ever", "cycle.py", "    _use_up_approval(cycle)\n    return", "    return", "tests/contract/test_rules_deletions.py"),
    Mutant("no idempotency key", "deliver.py", "delivery.payload, delivery.intent.key)", "delivery.payload, '')"),
    Mutant("in doubt, written again", "settle.py", "    with cycle.store.read() as uow:\n        sent = uow.intents(cycle.binding_id, [IntentState.SENT], _ALL)\n        if not sent:\n            return\n", "    with cycle.store.begin() as uow:\n        sent = uow.intents(cycle.binding_id, [IntentState.SENT], _ALL)\n        uow.set_intent_state([i.id for i in sent], IntentState.READY)\n        return\n"),
    Mutant("intents not settled", "cycle.py", "    settle(cycle)\n", "    pass\n"),
    Mutant("settled update overwrites an edit", "settle.py", "        elif isinstance(found, Changed) and self._as_before(delivery, found):", "        elif isinstance(found, Changed):"),
    Mutant("rest of a batch forgotten", "results.py", "        self.not_sent.extend(deliveries)", "        pass"),
    Mutant("lost link", "results.py", "            uow.save_link(self._link(delivery, ref, echo))", "            pass"),
    Mutant("link kept after a deletion", "results.py", "                uow.delete_link(delivery.link.id)", "                pass"),
    Mutant("base is the hub's newest", "results.py", "            base_revision=delivery.intent.revision_id,", "            base_revision=delivery.hub.revision_id,"),
    Mutant("edits during a write forgotten", "results.py", "        self._follow_up(uow, finished)\n", ""),
    Mutant("conflict not decided again", "push.py", "    settle_conflicts(cycle, claimed.binding, results.conflicts)\n", ""),
    Mutant("unconditional write", "deliver.py", "    ref = RemoteRef(link.remote_id, link.remote_version)", "    found = next(iter(connector.fetch(binding.remote_id, [link.remote_id])))\n    ref = getattr(found, 'ref', RemoteRef(link.remote_id))"),
    Mutant("hub's cursor runs ahead", "push.py", "            uow.add_intents(plan_intents(cycle, uow, binding, changed))\n", "            uow.add_intents(plan_intents(cycle, uow, binding, changed[:1]))\n"),
    Mutant("old payload sent", "intents.py", "    return old.operation is Operation.DELETE or old.revision_id == new.revision_id", "    return True"),
    Mutant("deletion in the hub not sent", "intents.py", "        return Operation.DELETE if link else None", "        return None"),
    Mutant("relinked by nothing", "plan.py", "        hub = self.view.by_uid.get(uid)\n", "        hub = None\n"),
    Mutant("contents are not compared", "plan.py", "        if not self.view.look_alikes:\n", "        if True:\n"),
    Mutant("revived item not linked", "plan.py", "        return self._matched(change, hub)\n", "        return None\n"),
    Mutant("moved item is a duplicate", "plan.py", "    return not link.remote_id or link.state is LinkState.MISSING", "    return False"),
    Mutant("recreated at once", "cycle.py", "        push(cycle)  # what was gone", "        remove(cycle)\n        push(cycle)  # what was gone"),
)  # fmt: skip


def apply(mutant: Mutant, root: Path) -> None:
    """Put the bug into a copy. Raises ValueError when the engine no longer has this place."""
    path = root / "sync_engine" / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: {mutant.file} has its place {text.count(mutant.old)} times")
    path.write_text(text.replace(mutant.old, mutant.new))


def hunt(mutant: Mutant) -> tuple[Mutant, str, float]:
    """What found the bug; empty for nothing."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        root = Path(folder)
        for name in _NEEDED:
            source = ROOT / name
            ignore = shutil.ignore_patterns("__pycache__", "servers", "acceptance")
            shutil.copytree(source, root / name, ignore=ignore) if source.is_dir() else shutil.copy(source, root)
        apply(mutant, root)
        return mutant, _found(mutant, root), time.monotonic() - began


def _found(mutant: Mutant, root: Path) -> str:
    program = _HUNT.format(seeds=_SEEDS)
    try:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return "it never ends"
    if done.returncode:
        words = done.stdout.strip() or done.stderr.strip()
        return f"seed {words.splitlines()[-1]}"
    if mutant.test:
        return _found_by_test(mutant, root)
    return ""


def _found_by_test(mutant: Mutant, root: Path) -> str:
    (root / "tests/conftest.py").unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutant.test]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return failed[0].split("::")[-1] if failed else ""


def _check_the_engine_itself() -> None:
    """What fails without a bug kills none."""
    program = _HUNT.format(seeds=_SEEDS)
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def main() -> int:
    """Hunt all, or those whose name contains the argument."""
    wanted = [m for m in MUTANTS if all(word in m.name for word in sys.argv[1:])]
    survivors = 0
    _check_the_engine_itself()
    with ThreadPoolExecutor(2) as pool:
        for mutant, found, seconds in pool.map(hunt, wanted):
            survivors += not found
            print(f"{mutant.name:44}{found[:110] or 'SURVIVED'}  {seconds:.0f} s", flush=True)
    print(f"{len(wanted)} mutants, {len(wanted) - survivors} killed, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
