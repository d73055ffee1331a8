"""What a client hears of a file that goes while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from dav_gateway.dispatch import excuse
from dav_gateway.files.reading import BrokenOffError, octets
from storage.blobs import delete_unused, write_blob
from storage.database import Database
from storage.tables import metadata


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/hub.db")
    metadata.create_all(made.engine)
    yield made
    made.dispose()


def test_a_file_that_is_gone_before_its_first_octet_is_asked_for_again(database: Database) -> None:
    with database.begin() as unit:
        blob = write_blob(unit.session.connection, BytesIO(b"text"), 4, datetime(2026, 3, 1, tzinfo=UTC))
    assert b"".join(octets(database, blob.id, 0, 4)) == b"text"
    body = octets(database, blob.id, 0, 4)
    with database.begin() as unit:
        delete_unused(unit.session.connection, [blob.id])
    with pytest.raises(BrokenOffError) as caught:
        next(body)
    answer = excuse(caught.value)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
