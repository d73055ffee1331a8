"""Parts of the URL space with methods of their own: a refusal names those, and never the one that was refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.gateway import Phone, running_hub


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    folder: Path = tmp_path_factory.mktemp("areas")
    with running_hub(folder) as hub:
        hub.user("ada")
        yield hub.phone("ada")


@pytest.mark.parametrize("place", ["push/ada/x", "push/", "attachments/ada/0123456789abcdef/x", "files/ada/x"])
@pytest.mark.parametrize("method", ["GET", "PROPFIND", "PATCH", "REPORT"])
def test_a_refused_method_is_not_among_those_that_are_taken(phone: Phone, method: str, place: str) -> None:
    answer = phone.request(method, f"/dav/{place}")
    if method == "PATCH":
        assert answer.status_code == 405
    if answer.status_code == 405:
        assert method not in answer.headers["allow"].split(", ")
        assert ("DELETE" in answer.headers["allow"]) == ("attachments" not in place)
