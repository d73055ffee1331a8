"""The list of connectors."""

from __future__ import annotations

import pytest

from connectors.memory import account
from connectors.registry import CONNECTORS, connect
from connectors.settings import ConnectorSettings
from sync_engine.model import Contact, Event, EventDetails, Kind, Task, TaskDetails
from sync_engine.ports import Connector, ReadBack

FIELDS = {name for record in (Contact, Event, EventDetails, Task, TaskDetails) for name in record.__dataclass_fields__}


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_every_connector_of_the_list_can_be_made_and_carries_fields_of_the_records(kind: str) -> None:
    auth = "bearer" if kind in ("google_workspace", "microsoft365") else "basic"
    connector: Connector = connect(kind, ConnectorSettings("http://127.0.0.1:9/", auth=auth))
    assert {"summary", "start", "rules", "full_name", "emails", "phones", "due", "categories"} <= connector.carries
    assert connector.carries <= FIELDS
    connector.close()


@pytest.mark.parametrize("kind", ["dav", "memory"])
def test_who_holds_whole_texts_carries_all_fields(kind: str) -> None:
    assert connect(kind, ConnectorSettings("http://127.0.0.1:9/")).carries == FIELDS


def test_an_unknown_kind_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ValueError, match="dav, exchange, google_workspace, memory, microsoft365"):
        connect("outlook", ConnectorSettings("http://127.0.0.1:9/"))


def test_memory_accounts_are_shared_by_name() -> None:
    collection = account("memory:shared").add_collection("c", Kind.EVENT)
    found = connect("memory", ConnectorSettings("memory:shared")).collections()
    assert [c.id for c in found] == [collection]


def test_dav_reads_back_what_it_wrote() -> None:
    assert isinstance(connect("dav", ConnectorSettings("http://127.0.0.1:9/")), ReadBack)
