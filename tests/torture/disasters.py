"""What happens to the daemon, its database, the servers and the lines. Each takes a second or two."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping

from tests.torture.daemon import SLOW
from tests.torture.people import UNKNOWN
from tests.torture.world import World

_BIG = 150_000  # octets of an upload that a full disk has no room for
Disaster = Callable[[World], None]


def kill(world: World) -> None:
    """SIGKILL, now and then while it starts, too."""
    if world.dice.random() < 0.15:
        world.daemon.kill()
        world.daemon.start()
        world.wait(0, 1.2)
    else:
        world.wait(0, 1.0)
    world.daemon.kill()
    _start(world)


def end(world: World) -> None:
    """SIGTERM, as a supervisor does for an update."""
    world.wait(0, 1.0)
    world.report.took("ended", world.daemon.end())
    _start(world)


def _start(world: World) -> None:
    world.daemon.start()
    world.report.took("serving", world.daemon.until_it_serves())


def restart(world: World) -> None:
    """The database dies and comes again; the daemon goes on."""
    world.wait(0, 0.5)
    world.store.stop()
    world.wait(0, 1.5)
    world.store.start()
    _reconnected(world)


def late(world: World) -> None:
    """The database is gone, the daemon is ended, and started before the database: it waits."""
    world.store.stop()
    world.wait(0, 1.0)
    if world.dice.random() < 0.5:
        world.daemon.kill()
    else:
        world.report.took("ended", world.daemon.end())
    world.daemon.start()
    world.wait(0.5, 2.5)
    assert world.daemon.pid
    world.store.start()
    world.report.took("serving after the database", world.daemon.until_it_serves())


def cut(world: World) -> None:
    """The database ends the daemon's connections, in the middle of transactions."""
    world.wait(0, 0.5)
    world.store.cut(world.dice)
    _reconnected(world)


def _reconnected(world: World) -> None:
    """Healthy, a phone can read and write; and then a cycle went well."""
    began = time.monotonic()
    world.daemon.until_it_serves()
    _upload_until(world, lambda status: status < 300)
    world.report.took("reconnected", time.monotonic() - began)
    world.daemon.until_cycles(1, of=max)  # the other one may wait for a server that was away
    world.report.took("in sync after the database", time.monotonic() - began)


def full(world: World) -> None:
    """No room for the database: uploads are refused, reading goes on; with room, everything goes on by itself."""
    world.wait(0, 0.5)
    _upload_until(world, lambda status: status < 300)
    world.store.fill(world.dice, world.daemon.pid)
    try:
        refused = _upload_until(world, lambda status: status in {503, 507})
        world.report.count[f"answered {refused}"] += 1
        assert world.probe.status("PROPFIND", Depth="0") == 207, "on a full disk nothing can be read"
        world.wait(0, 1.0)
    finally:
        world.store.free(world.daemon.pid)
    began = time.monotonic()
    _upload_until(world, lambda status: 200 <= status < 300)
    world.report.took("written after a full disk", time.monotonic() - began)
    world.daemon.until_it_serves()
    world.daemon.until_cycles(1, of=max)
    world.report.took("in sync after a full disk", time.monotonic() - began)


def _upload_until(world: World, enough: Callable[[int], bool]) -> int:
    """Big uploads to a collection of its own, until one is answered as wished; what was acknowledged must be there."""
    end_of_patience = time.monotonic() + SLOW
    while True:
        text = _upload(world.dice)
        status = world.probe.status("PUT", "probe.ics", text, **{"Content-Type": "text/calendar; charset=utf-8"})
        if 200 <= status < 300:
            held = world.probe.read("probe")
            assert held is not None, "an acknowledged upload is not there"
            assert held[0] == text, "an acknowledged upload is not there"
        assert status in {201, 204} or status in UNKNOWN - {500}, f"the gateway answers {status}"
        if status and enough(status):
            return status
        assert time.monotonic() < end_of_patience, f"the gateway still answers {status}"
        time.sleep(0.02)


def _upload(dice: random.Random) -> str:
    noise = dice.randbytes(_BIG // 2).hex()
    lines = [f" {noise[at : at + 70]}" for at in range(0, len(noise), 70)]
    return "\r\n".join([
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Torture//EN", "BEGIN:VEVENT", "UID:probe",
        "DTSTAMP:20260101T000000Z", "DTSTART:20260310T090000Z", "SUMMARY:probe", "DESCRIPTION:", *lines,
        "END:VEVENT", "END:VCALENDAR", "",
    ])  # fmt: skip


def server(world: World) -> None:
    """A server is not there for a while."""
    name = world.dice.choice(("A", "B"))
    with world.hands_off(name):
        world.servers[name].stop()
        world.wait(0.2, 2.0)
        world.servers[name].start()


def wire(world: World) -> None:
    """Answers break in the middle."""
    chosen = world.servers[world.dice.choice(("A", "B"))]
    chosen.wire.bad = True
    world.wait(0.5, 2.0)
    chosen.wire.bad = False


DISASTERS: Mapping[str, Disaster] = {
    "kill": kill,
    "end": end,
    "restart": restart,
    "late": late,
    "cut": cut,
    "full": full,
    "server": server,
    "wire": wire,
}
