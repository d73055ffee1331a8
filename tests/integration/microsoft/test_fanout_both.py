"""The company's address book in many mailboxes: what is the same wherever these are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agendahub.outcome import Result
from agendahub.work import Worker
from connectors.capabilities import MakesCollections
from sync_engine.model import Kind
from tests.integration.microsoft.fanout_world import (
    PEOPLE,
    Company,
    Front,
    all_well,
    company_of_three,
    ews_front,
    graph_front,
)

ADA = PEOPLE[0]


@pytest.fixture(params=[graph_front, ews_front], ids=["microsoft365", "exchange"])
def front(request: pytest.FixtureRequest) -> Iterator[Front]:
    with request.param() as made:
        yield made


@pytest.fixture
def company(front: Front, tmp_path: Path) -> Iterator[Company]:
    with company_of_three(front, tmp_path, Company) as made:
        yield made


def test_thirty_mailboxes_get_everything_and_idle_costs_one_request_each(front: Front, tmp_path: Path) -> None:
    for address in PEOPLE:
        front.add(address)
    company = Company(tmp_path, front)
    company.put("u1", "Grace Hopper")
    assert company.refresh().joined == tuple(PEOPLE)
    all_well(company.sync())
    assert [company.inside(address) for address in PEOPLE] == [["Grace Hopper"]] * 30
    all_well(company.sync())
    before = front.requests()
    all_well(company.sync())
    assert front.requests() - before == 30
    company.put("u1", "Grace Murray")
    all_well(company.sync())
    assert [company.inside(address) for address in PEOPLE] == [["Grace Murray"]] * 30
    company.workspace.close()


def test_workers_that_race_make_one_folder(company: Company) -> None:
    [binding] = [binding for binding in company.bindings() if binding.address == ADA]
    start = threading.Barrier(4)

    def work() -> Result:
        start.wait(10)
        return company.cycle(Worker(company.workspace), binding).result

    with ThreadPoolExecutor(4) as pool:
        results = [future.result(60) for future in [pool.submit(work) for _ in range(4)]]
    assert set(results) <= {Result.OK, Result.BUSY}
    all_well(company.sync([ADA]))
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]


def test_connectors_that_race_make_one_folder(company: Company) -> None:
    """As two hubs would, without a lease between them."""
    [account] = {company.workspace.account(one.account) for one in company.bindings() if one.address == ADA}
    start = threading.Barrier(4)

    def make(kind: Kind) -> str:
        connector = company.workspace.connector(account)
        start.wait(10)
        try:
            assert isinstance(connector, MakesCollections)
            return connector.make_collection("AgendaHub", frozenset({kind})).id
        finally:
            connector.close()

    for kind, sort in ((Kind.CONTACT, "contacts"), (Kind.EVENT, "calendar")):
        with ThreadPoolExecutor(4) as pool:
            made = set(pool.map(make, [kind] * 4))
        there = [one for one in company.mailbox(ADA).of_kind(sort) if one.name == "AgendaHub"]
        assert (len(made), len(there)) == (1, 1)
