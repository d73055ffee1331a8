"""What happens in a run, as plain values: drawn from a seed, cut down by shrinking, carried out by `world`.

People and chaos have separate streams of random numbers, so that one can be changed without the other: the same people
do the same among other faults, at other servers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from sync_engine.ports import Direction, Policy, Prefer
from tests.simulation.chaos import Fault, Planned
from tests.simulation.nature import Nature

_KINDS: tuple[tuple[str, int], ...] = (
    ("create", 14),
    ("edit", 30),
    ("add", 8),
    ("take away", 4),
    ("occurrence", 5),
    ("cancel", 3),
    ("shift", 3),
    ("delete", 14),
    ("delete many", 2),
    ("invite", 4),
    ("restore", 5),
    ("put back", 3),
    ("approve", 3),
    ("discard", 2),
    ("retry", 3),
    ("pause", 2),
    ("relink", 2),
    ("expire", 8),
    ("move", 3),
    ("wait", 4),
    ("phone syncs", 5),
    ("resolve", 4),
    ("prune", 4),
)
_NAMES = [name for name, _ in _KINDS]
_WEIGHTS = [weight for _, weight in _KINDS]
_LIKELY = {  # few calls can fail so: they are planned more often
    Fault.LOCKED: 3, Fault.TAKEN: 2, Fault.GONE: 3, Fault.CONFLICT: 2, Fault.CUT_OFF: 3, Fault.UNAVAILABLE: 2,
    Fault.LOST_ANSWER: 2, Fault.LOST_REQUEST: 2, Fault.REFUSED: 2, Fault.EXPIRED: 3, Fault.EMPTY: 15, Fault.OMITTED: 11,
    Fault.UNREADABLE: 13, Fault.IN_PART: 4,
}  # fmt: skip
_FAULTS = [fault for fault in Fault for _ in range(_LIKELY.get(fault, 1))]
_PHONES = (Fault.IN_DOUBT_DONE, Fault.IN_DOUBT_LOST, Fault.DISK_FULL)


@dataclass(frozen=True)
class Action:
    """Something that a person does. The numbers choose among what is there."""

    kind: str
    who: int
    which: int
    what: int


@dataclass(frozen=True)
class Step:
    """People do something, then a binding has a cycle, in which people go on and calls fail."""

    actions: tuple[Action, ...]
    binding: int
    between: tuple[tuple[int, Action], ...]  # before the n-th call
    faults: tuple[Planned, ...]
    other: tuple[int, int] | None  # before this call, another binding has a cycle: in another worker
    quirks: int
    phone_fails: Fault | None = None  # how the phone's first write in this step ends


@dataclass(frozen=True)
class Scenario:
    """All of a run."""

    seed: int
    natures: tuple[Nature, ...]
    policies: tuple[Policy, ...]
    beginning: tuple[tuple[int, ...], ...]  # for each item that is there at first: where
    steps: tuple[Step, ...]

    @property
    def robots(self) -> bool:
        """Whether programs there change back what the hub writes, for ever."""
        return sum(nature.robot for nature in self.natures) > 1


def scenario(seed: int, chaos_seed: int | None = None) -> Scenario:
    """The run of a seed; with another `chaos_seed` the same people among other faults and servers."""
    people, chaos = Random(seed * 2), Random((seed if chaos_seed is None else chaos_seed) * 2 + 1)
    count = people.choice((2, 2, 2, 3, 3, 4))
    steps = tuple(_step(people, chaos, count) for _ in range(people.randint(4, 14)))
    robots = people.random() < 0.05
    batches = Random(f"{seed} batches")  # a stream of its own: older seeds go on to say what they said
    natures = tuple(replace(_nature(chaos, robots=robots), batches=batches.random() < 0.4) for _ in range(count))
    natures, steps = _with_copies(natures, steps, Random(f"{seed} copies"))
    natures = tuple(_known(nature, Random(f"{seed} outlook {n}")) for n, nature in enumerate(natures))
    natures = tuple(_blind(nature, Random(f"{seed} blind {n}")) for n, nature in enumerate(natures))
    policies = tuple(_policy(people, robots=robots) for _ in range(count))
    beginning = tuple(
        tuple(n for n in range(count + 1) if people.random() < 0.5) for _ in range(people.choice((0, 1, 2, 4)))
    )
    return Scenario(seed, natures, policies, beginning, steps)


def _known(nature: Nature, chaos: Random) -> Nature:
    """Of some remotes it is known what they keep, and some give items another version by themselves (Outlook)."""
    if not nature.rewrites and not nature.lossy and nature.versions == "strong" and chaos.random() < 0.25:
        nature = replace(nature, rewrites="plain")
    tells = nature.rewrites == "plain" or (bool(nature.rewrites) and chaos.random() < 0.5)
    touches = nature.versions == "strong" and (tells or not nature.rewrites) and chaos.random() < 0.4
    return replace(nature, tells=tells, touches=touches and not nature.robot)


def _blind(nature: Nature, chaos: Random) -> Nature:
    """In some, nothing shows what was made a moment ago (Google's People)."""
    return replace(nature, blind=nature.own_ids and not nature.own_uids and not nature.moves and chaos.random() < 0.5)


def _with_copies(
    natures: tuple[Nature, ...], steps: tuple[Step, ...], people: Random
) -> tuple[tuple[Nature, ...], tuple[Step, ...]]:
    """Some remotes hide UIDs, and people there copy items (SYNC.md R37)."""
    hiding = [people.random() < 0.15 for _ in natures]
    if not any(hiding):
        return natures, steps
    pairs = zip(natures, hiding, strict=True)
    natures = tuple(_hiding(nature) if hides and not nature.robot else nature for nature, hides in pairs)
    return natures, tuple(_with_copy(step, people) for step in steps)


def _hiding(nature: Nature) -> Nature:
    return replace(nature, own_ids=True, own_uids=True, hides=True, lag=0, moves=False)


def _with_copy(step: Step, people: Random) -> Step:
    copying = Action("copy", people.randrange(1000), people.randrange(1000), people.randrange(1000))
    if people.random() < 0.3:
        return replace(step, actions=(*step.actions, copying))
    return replace(step, between=(*step.between, (people.randrange(8), copying))) if people.random() < 0.2 else step


def _nature(chaos: Random, *, robots: bool) -> Nature:
    own_ids = chaos.random() < 0.4
    own_uids = own_ids and chaos.random() < 0.4
    moves = own_ids and not own_uids and chaos.random() < 0.3
    rewrites = chaos.choice(("", "", "", "drops", "alters"))
    versions = chaos.choice(("strong", "strong", "strong", "strong", "hash", "hash", "none", "stuck"))
    return Nature(
        own_ids=own_ids,
        own_uids=own_uids,
        lag=0 if own_uids or moves else chaos.choice((0, 0, 0, 1, 2)),  # nobody can match what is hidden
        versions="strong" if versions == "stuck" and rewrites else versions,
        quiet=chaos.random() < 0.3,
        rewrites=rewrites,
        lossy=not rewrites and chaos.random() < 0.25,
        page=chaos.choice((1, 2, 100)),
        no_feed=chaos.random() < 0.25,
        cursors=chaos.choice(("end", "end", "extra", "each", "each")),
        moves=moves,
        robot=robots and not moves,
    )


def _policy(people: Random, *, robots: bool) -> Policy:
    window = people.random() < 0.15
    one_way = people.choice((Direction.IN, Direction.OUT))
    return Policy(
        direction=one_way if people.random() < 0.15 else Direction.BOTH,
        prefer=people.choice(list(Prefer)),
        brake_count=people.choice((1, 2, 100)),
        brake_percent=0,
        settle_seconds=300,
        write_limit=5 if robots else 100,
        window_days_past=30 if window else 0,
        window_days_future=people.choice((0, 60)) if window else 0,
    )


def _action(people: Random) -> Action:
    (kind,) = people.choices(_NAMES, _WEIGHTS)
    return Action(kind, people.randrange(1000), people.randrange(1000), people.randrange(1000))


def _step(people: Random, chaos: Random, count: int) -> Step:
    actions = tuple(_action(people) for _ in range(people.choice((0, 1, 1, 2, 3))))
    between = tuple((people.randrange(8), _action(people)) for _ in range(people.choice((0, 0, 0, 1, 2))))
    faults = tuple((chaos.randrange(9), chaos.choice(_FAULTS)) for _ in range(chaos.choice((0, 1, 2, 3, 4))))
    other = (people.randrange(8), people.randrange(count)) if people.random() < 0.15 else None
    phone = chaos.choice(_PHONES) if chaos.random() < 0.05 else None
    return Step(actions, people.randrange(count), between, faults, other, chaos.randrange(1 << 30), phone)


def calm(found: Scenario) -> Scenario:
    """Without any fault."""
    return replace(found, steps=tuple(replace(s, faults=(), phone_fails=None) for s in found.steps))
