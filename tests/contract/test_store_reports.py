"""docs/schema.md, schema_requests.md and schema_gateway.md: their queries run, and they name every table and column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.tables import metadata
from tests import samples
from tests.contract.store_items import PHONE
from tests.databases import hub_in

DOCS = Path(__file__).parents[2] / "docs"
ITEMS = (DOCS / "schema.md").read_text()
TEXT = ITEMS + "".join((DOCS / f"schema_{name}.md").read_text() for name in ("requests", "gateway"))
QUERIES = re.findall(r"```sql\n(.*?)```", ITEMS, re.DOTALL)

BIRTHDAY = "BDAY:1815-12-10\r\nEMAIL:ada@example.org\r\n"


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
def test_every_query_of_the_manual_answers(kind: str, request: pytest.FixtureRequest) -> None:
    with hub_in(request.getfixturevalue(kind)) as hub:
        items = [samples.card(extra=BIRTHDAY), samples.event(), samples.series(), samples.task()]
        with hub.database.begin() as unit:
            for item in items:
                unit.create_item(hub.collection, item, PHONE)
        with hub.database.engine.connect() as connection:
            answers = [connection.execute(text(query)).all() for query in QUERIES]
    assert len(answers) == 8
    assert all(answers), "each query finds something in the sample"
    by_calendar = answers[2]
    assert [row.summary for row in by_calendar] == ["Weekly", "Stand-up"]
    assert {row.summary for row in answers[3]} == {"Weekly", "Stand-up"}


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_the_manual_names_every_column(table: str) -> None:
    section = TEXT.partition(f"\n### {table}\n")[2].partition("\n#")[0]
    missing = {column.name for column in metadata.tables[table].columns} - set(re.findall(r"`(\w+)`", section))
    assert not missing


def test_the_manual_names_no_table_that_is_gone() -> None:
    assert set(re.findall(r"\n### (\w+)\n", TEXT)) == set(metadata.tables)
