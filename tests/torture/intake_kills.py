"""Intake under kill -9: between fetch, commit and flag, within a transaction, and at any time (REQUESTS.md 1).

Two mailboxes get mails, some of them both. Their readers are killed again and again; in the end each mail must be one
message of one request, flagged in each mailbox that it lies in, and acknowledged once.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from storage import schema
from storage import tables as t
from tests.intake_here import Intake, intake_in
from tests.mails_here import mail
from tests.servers.dovecot import Dovecot
from tests.torture.intake_places import Files, InDovecot, Place
from tests.torture.stores import PostgresStore

ROOT = Path(__file__).parents[2]
BOXES = ("support", "sales")
STEPS = ("list", "fetch ", "fetched", "taken", "settle", "settled one", "settled", "page committed")


@dataclass
class Expected:
    """What was put into the mailboxes."""

    mails: dict[str, list[str]] = field(default_factory=dict)  # subject -> mailboxes
    replies: set[str] = field(default_factory=set)  # subjects of those that answer another one
    ids: dict[str, tuple[str, str]] = field(default_factory=dict)  # subject -> Message-ID, sender


@dataclass
class World:
    """The mailboxes, the store, and the process whose children are killed."""

    url: str
    dice: random.Random
    process: subprocess.Popen[str]
    places: dict[str, Place]
    expected: Expected = field(default_factory=Expected)
    deaths: Counter[str] = field(default_factory=Counter)

    def mails_come(self) -> None:
        """None to two; some into both mailboxes, some without a Message-ID, some as answers."""
        for _ in range(self.dice.randrange(3)):
            number = len(self.expected.mails)
            subject, sender = f"mail {number}", f"eva{number}@customer.example"
            boxes = self.dice.choice([[BOXES[0]], [BOXES[1]], list(BOXES)])
            name, more = f"m{number}@customer.example", {}
            if self.expected.ids and self.dice.random() < 0.3:
                first = self.dice.choice(sorted(self.expected.ids))
                answered, sender = self.expected.ids[first]
                boxes = self.expected.mails[first]  # after it in each of them, so that it is known
                more = {"In-Reply-To": f"<{answered}>"}
                self.expected.replies.add(subject)
            elif self.dice.random() < 0.2:
                name = "-"
            if name != "-":
                self.expected.ids[subject] = name, sender
            now = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
            raw = mail(subject, sender=sender, message_id=name, date=now, more=more)
            self.expected.mails[subject] = boxes
            for box in boxes:
                self.places[box].put(f"Received: by {box}\r\n".encode() + raw)

    def read(self, name: str, die: tuple[str, int, str] | None) -> int:
        """One look in a child; gives how it ended."""
        order = {"url": self.url, "mailbox": name, "die": die, **self.places[name].order}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def death(self) -> tuple[str, int, str]:
        """How the next reader dies, if it comes so far."""
        what = self.dice.choice(["step"] * 4 + ["statement", "commit"] * 2 + ["time"])
        most = {"step": 4, "statement": 120, "commit": 6, "time": 60}[what]
        return what, self.dice.randint(1, most), self.dice.choice(STEPS)


def run(
    kind: str, seed: int, kills: int, tick: Callable[[], None] = lambda: None, server: Dovecot | None = None
) -> World:
    """Without a server mails lie in files. Raises AssertionError with how to play it again."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="agendahub-intake-")))
        url = PostgresStore(stack, folder).url if kind == "postgresql" else f"sqlite:///{folder}/hub.db"
        schema.upgrade(url)
        command = [sys.executable, "-m", "tests.torture.intake_child"]
        process = stack.enter_context(
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(process.kill)
        places: dict[str, Place] = {name: Files(folder / name) for name in BOXES}
        if server is not None:
            places = {name: InDovecot(server, f"{name}{kind}") for name in BOXES}
        world = World(url, random.Random(f"{kind} {seed}"), process, places)
        try:
            _kill(world, kills, tick)
            _judge(world)
        except AssertionError as err:
            raise AssertionError(f"{err}\nreplay: make torture INTAKE={kills} SEED={seed} STORE={kind}") from err
    return world


def _kill(world: World, kills: int, tick: Callable[[], None]) -> None:
    for name in BOXES:  # what comes from now on is no backlog
        assert world.read(name, None) == 0
    while world.deaths.total() < kills:
        world.mails_come()
        death = world.death()
        ended = world.read(world.dice.choice(BOXES), death)
        assert ended in {0, -9}, f"the reader failed by itself after {death}"
        if ended == -9:
            world.deaths[f"{death[0]} {death[2]}" if death[0] == "step" else death[0]] += 1
            tick()
    for name in BOXES:
        assert world.read(name, None) == 0


def _judge(world: World) -> None:
    expected = world.expected
    with intake_in(world.url) as intake:
        found = intake.exactly_once()
        assert found == dict.fromkeys(expected.mails, 1), _difference(found, expected)
        opened = set(expected.mails) - expected.replies
        requests = Counter(row.subject for row in intake.rows(t.requests))
        assert requests == dict.fromkeys(opened, 1), f"requests {requests - Counter(opened)}"
        assert not intake.rows(t.mail_quarantine)
        _judge_receipts(world, intake)
        sent = Counter(row.request_id for row in intake.rows(t.messages, direction="out"))
        assert sent == {row.id: 1 for row in intake.rows(t.requests)}, "each request is acknowledged once"
        assert intake.count(t.outgoing) == sent.total()
        cards = Counter(row.address for row in intake.rows(t.contact_emails))
        assert set(cards.values()) <= {1}, "a customer has two contacts"
    assert not schema.problems(world.url)


def _judge_receipts(world: World, intake: Intake) -> None:
    subjects = {row.id: row.subject for row in intake.rows(t.messages)}
    receipts = intake.rows(t.receipts)
    lay = Counter((subjects[row.message_id], row.mailbox) for row in receipts)
    assert lay == {(subject, box): 1 for subject, boxes in world.expected.mails.items() for box in boxes}
    assert all(row.settled_at for row in receipts)
    for name in BOXES:
        assert not (many := world.places[name].unflagged()), f"{many} mails of {name} are not flagged"


def _difference(found: Counter[str], expected: Expected) -> str:
    lost = sorted(set(expected.mails) - set(found))
    double = {subject: count for subject, count in found.items() if count > 1}
    return f"lost {lost}, doubled {double}"


def as_lines(world: World) -> list[str]:
    """For people."""
    told: list[Any] = [f"{what} {count}" for what, count in sorted(world.deaths.items())]
    mails, replies = len(world.expected.mails), len(world.expected.replies)
    return [f"{world.deaths.total()} kills of intake: {', '.join(told)}", f"{mails} mails, {replies} of them answers"]
