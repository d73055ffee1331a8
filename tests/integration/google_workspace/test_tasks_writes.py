"""Google's tasks: what is sent, under which condition, and what becomes of lost answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.errors import CollectionGone, OutcomeUnknown, Rejected, Throttled, VersionConflict
from sync_engine.ports import Changed, RemoteRef, Write
from tests.contract.connector_contract import Hub, event, title
from tests.integration.google_workspace.contacts_desk import OnePart, PartsDesk, parts_desk, to_do
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.task_book import TaskList


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    with parts_desk() as made:
        yield made


@pytest.fixture
def tasks(desk: PartsDesk) -> OnePart:
    return desk.tasks()


@pytest.fixture
def errands(desk: PartsDesk) -> TaskList:
    return desk.to_do.add_list("Errands")


@pytest.fixture
def where(errands: TaskList) -> str:
    return f"lists/{errands.id}"


def titles(errands: TaskList) -> list[str]:
    """Of what is not deleted."""
    return sorted(one["title"] for one in errands.tasks.values() if not one.get("deleted"))


def test_r20_the_changed_property_is_all_that_is_sent(desk: PartsDesk, tasks: OnePart, where: str) -> None:
    before, after = to_do("one", DESCRIPTION="x"), to_do("two", DESCRIPTION="x")
    ref = tasks.create(where, before, "key")
    heard = desk.bodies("tasks.tasks.patch")
    ref = tasks.update(where, ref, after, before)
    (answer,) = tasks.write(where, [Write(ref, before, after)])
    assert heard == [{"title": "two"}, {"title": "one"}]
    (found,) = tasks.fetch(where, [ref.id])
    assert isinstance(found, Changed)
    assert found.as_written == answer


def test_r21_no_difference_is_no_request(desk: PartsDesk, tasks: OnePart, where: str) -> None:
    before = to_do("one")
    ref = tasks.create(where, before, "key")
    desk.asked()
    unseen = to_do("one", PRIORITY="1")  # Google has no place for it
    assert tasks.update(where, ref, unseen, before) == ref
    assert list(tasks.write(where, [Write(ref, unseen, before)])) == [ref]
    assert desk.asked() == []


@pytest.mark.parametrize("heeded", [True, False])
def test_a_change_of_another_version_is_refused(
    desk: PartsDesk, tasks: OnePart, errands: TaskList, where: str, heeded: bool
) -> None:
    """Also where Google should not heed If-Match."""
    desk.google.tasks.switches.if_match = heeded
    ref = tasks.create(where, to_do("one"), "key")
    desk.to_do.change(errands, ref.id, {"title": "theirs"})
    for refused in (
        lambda: tasks.update(where, ref, to_do("ours"), to_do("one")),
        lambda: tasks.delete(where, ref),
        lambda: tasks.update(where, RemoteRef(ref.id), to_do("ours"), to_do("one")),
        lambda: tasks.delete(where, RemoteRef(ref.id)),
    ):
        with pytest.raises(VersionConflict):
            refused()
    told = list(tasks.write(where, [Write(ref, to_do("ours"), to_do("one")), Write(ref, None)]))
    assert [type(one) for one in told] == [VersionConflict, VersionConflict]
    assert titles(errands) == ["theirs"]


def test_without_a_base_a_look_tells_it(desk: PartsDesk, tasks: OnePart, where: str) -> None:
    ref = tasks.create(where, to_do("one", DESCRIPTION="x"), "key")
    heard = desk.bodies("tasks.tasks.patch")
    tasks.update(where, ref, to_do("two", DESCRIPTION="x"), None)
    assert heard == [{"title": "two"}]
    with pytest.raises(VersionConflict):
        tasks.update(where, RemoteRef(ref.id, '"old"'), to_do("three"), None)


def test_ten_changes_are_a_look_and_a_request(desk: PartsDesk, tasks: OnePart, where: str) -> None:
    made = list(tasks.write(where, [Write(None, to_do(f"t{n}", f"u{n}"), key=f"k{n}") for n in range(10)]))
    outer = desk.google.outer
    writes = [Write(ref, to_do(f"new {n}"), to_do(f"t{n}")) for n, ref in enumerate(made) if isinstance(ref, RemoteRef)]
    assert all(isinstance(one, RemoteRef) for one in tasks.write(where, writes))
    assert desk.google.outer - outer == 2
    assert Hub(tasks, where).pull().titles == [f"new {n}" for n in range(10)]


def test_r09_one_that_is_refused_holds_up_no_other(
    desk: PartsDesk, tasks: OnePart, errands: TaskList, where: str
) -> None:
    writes = [Write(None, to_do(f"t{n}", f"u{n}"), key=f"k{n}") for n in range(4)]
    writes[1] = Write(None, to_do("x" * 2000), key="k1")
    writes[2] = Write(None, event("no task"), key="k2")
    desk.google.faults.append(Fault(400, "invalid", "Nothing of that sort", method="tasks.insert", inner=True))
    told = list(tasks.write(where, writes))
    assert [type(one) for one in told] == [Rejected, Rejected, Rejected, RemoteRef]
    assert titles(errands) == ["t3"]


def test_deleting_a_task_leaves_what_is_below_it(
    desk: PartsDesk, tasks: OnePart, errands: TaskList, where: str
) -> None:
    party, milk = tasks.create(where, to_do("party"), "k"), tasks.create(where, to_do("milk", "u2"), "k2")
    desk.to_do.add(errands, {"title": "cake"}, parent=party.id)
    hub = Hub(tasks, where).pull()
    refs = [RemoteRef(one, hub.versions[one]) for one in (party.id, milk.id)]
    assert list(tasks.write(where, [Write(ref, None) for ref in refs])) == [None, None]
    assert titles(errands) == ["cake"]
    tasks.delete(where, refs[0])
    assert list(tasks.write(where, [Write(refs[0], None)])) == [None], "gone is fine"


def test_a_list_that_is_gone_takes_no_task(desk: PartsDesk, tasks: OnePart, errands: TaskList, where: str) -> None:
    ref = tasks.create(where, to_do("one"), "key")
    del desk.to_do.lists[errands.id]
    with pytest.raises(CollectionGone):
        tasks.create(where, to_do("two"), "key2")
    with pytest.raises(CollectionGone):
        tasks.update(where, ref, to_do("two"), to_do("one"))


# ---------------------------------------------------------------- lost answers, and Google in trouble


def test_r06_a_lost_answer_is_settled_by_looks(desk: PartsDesk, tasks: OnePart, errands: TaskList, where: str) -> None:
    """Not by a task that looks so and was there before."""
    desk.to_do.add(errands, {"title": "milk"})
    Hub(tasks, where).pull()
    list(tasks.changes(where, None, lambda ids: dict.fromkeys(ids, "1")))
    assert tasks.find(where, to_do("milk"), "key") is None
    desk.google.faults.append(Fault(method="tasks.insert", after=True, drop=True))
    with pytest.raises(OutcomeUnknown):
        tasks.create(where, to_do("milk"), "key")
    assert len(titles(errands)) == 2
    first = next(iter(errands.tasks))
    list(tasks.changes(where, None, lambda ids: {one: "1" for one in ids if one == first}))
    found = tasks.find(where, to_do("milk"), "key")
    assert isinstance(found, Changed)
    assert found.ref.id != first
    assert tasks.find(where, to_do("bread"), "other") is None


def test_r05_a_key_makes_one_task(desk: PartsDesk, tasks: OnePart, errands: TaskList, where: str) -> None:
    ref = tasks.create(where, to_do("milk"), "key")
    assert tasks.create(where, to_do("milk"), "key").id == ref.id
    assert list(tasks.write(where, [Write(None, to_do("milk"), key="key")])) == [RemoteRef(ref.id)]
    assert titles(errands) == ["milk"]
    desk.to_do.delete(errands, ref.id)
    assert tasks.find(where, to_do("milk"), "key") is None
    assert tasks.create(where, to_do("milk"), "key").id != ref.id


def test_a_whole_batch_whose_answer_is_lost_is_in_doubt(
    desk: PartsDesk, tasks: OnePart, errands: TaskList, where: str
) -> None:
    desk.google.faults.append(Fault(method="^batch$", drop=True))
    told = list(tasks.write(where, [Write(None, to_do(f"t{n}", f"u{n}"), key=f"k{n}") for n in range(3)]))
    assert [type(one) for one in told] == [OutcomeUnknown] * 3
    assert len(titles(errands)) == 3
    found = [tasks.find(where, to_do(f"t{n}", f"u{n}"), f"k{n}") for n in range(3)]
    assert [title(one.item) for one in found if isinstance(one, Changed)] == ["t0", "t1", "t2"]


def test_r27_what_is_throttled_in_a_batch_is_sent_again(desk: PartsDesk, tasks: OnePart, where: str) -> None:
    desk.google.faults.append(Fault(429, headers={"Retry-After": "1"}, method="tasks.insert", inner=True))
    told = list(tasks.write(where, [Write(None, to_do(f"t{n}", f"u{n}"), key=f"k{n}") for n in range(3)]))
    assert [type(one) for one in told] == [RemoteRef] * 3
    assert Hub(tasks, where).pull().titles == ["t0", "t1", "t2"]


@pytest.mark.parametrize(("throttled", "done"), [(3, 0), (1, 2)])
def test_r27_a_long_pause_leaves_the_rest_undone(
    desk: PartsDesk, tasks: OnePart, errands: TaskList, where: str, throttled: int, done: int
) -> None:
    """What stands before something that was done can only be told as in doubt."""
    fault = Fault(429, headers={"Retry-After": "900"}, method="tasks.insert", times=throttled, inner=True)
    desk.google.faults.append(fault)
    told = tasks.write(where, [Write(None, to_do(f"t{n}", f"u{n}"), key=f"k{n}") for n in range(3)])
    if done:
        assert [type(one) for one in told] == [OutcomeUnknown, RemoteRef, RemoteRef]
    else:
        with pytest.raises(Throttled):
            next(told)
    assert len(titles(errands)) == done
