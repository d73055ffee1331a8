"""Three people with two phones each do what they like: nothing is lost, doubled, leaked or brought back (R12-R15, R32).

Seeds by ``OFFICE_FIRST``, ``OFFICE_SEEDS``, ``OFFICE_STEPS``: a failure prints the last deeds.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from storage import dav_scheduling
from tests.servers.gateway import Phone
from tests.servers.meetings import office
from tests.simulation.office_laws import check_meetings, check_phones, check_secrets
from tests.simulation.office_phones import SyncingPhone
from tests.simulation.office_steps import NAMES, Steps

_FIRST = int(os.environ.get("OFFICE_FIRST", "1"))
_SEEDS = int(os.environ.get("OFFICE_SEEDS", "3"))
_STEPS = int(os.environ.get("OFFICE_STEPS", "50"))


@contextmanager
def story(folder: Path, seed: int, url: str = "") -> Iterator[Steps]:
    """Three people with two calendars each, one of the company, and six phones that have synced."""
    with office(folder, url) as people:
        with people.hub.database.read() as unit:
            found = [dav_scheduling.person(unit.session.connection, name) for name in NAMES]
        for person in found:
            assert person is not None
            people.hub.collection("other", "event", person.id)
        people.hub.collection("team", "event")
        phones = [_phone(people.hub.phone, name, device, seed) for name in NAMES for device in ("one", "two")]
        for phone in phones:
            phone.sync()
        yield Steps(people.hub, phones, random.Random(seed))


def _phone(new: Callable[[str, str], Phone], name: str, device: str, seed: int) -> SyncingPhone:
    others = tuple(one for one in NAMES if one != name)
    return SyncingPhone(name, new(name, device), random.Random(f"{seed}{name}{device}"), homes=others)


def check(told: Steps) -> None:
    """All laws."""
    check_phones(told.phones)
    check_secrets(told.phones, told.known)
    check_meetings(told.hub, told.known)


@pytest.mark.parametrize("seed", range(_FIRST, _FIRST + _SEEDS))
def test_r12_three_people_and_their_phones_agree_whatever_they_do(tmp_path: Path, seed: int) -> None:
    with story(tmp_path, seed) as told:
        try:
            for number in range(1, _STEPS + 1):
                told.step()
                if number % 25 == 0 or number == _STEPS:
                    check(told)
        except AssertionError:
            print("\n".join(told.told[-60:]))
            raise


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_r12_they_agree_when_all_do_it_at_once(tmp_path: Path, store: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_url") if store == "postgresql" else ""
    with story(tmp_path, _FIRST, url) as told:
        each = [
            replace(told, phones=[phone], dice=random.Random(f"{_FIRST}{number}"), number=1000 * number, alone=False)
            for number, phone in enumerate(told.phones)
        ]
        with ThreadPoolExecutor(len(each)) as pool:
            for one in [pool.submit(_many, one, _STEPS // 3) for one in each]:
                one.result()
        try:
            check(told)
        except AssertionError:
            print("\n".join(told.told[-60:]))
            raise


def _many(told: Steps, steps: int) -> None:
    for _ in range(steps):
        told.step()
