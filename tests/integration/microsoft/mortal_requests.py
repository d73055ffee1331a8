"""A process that dies while it sends requests by the library `requests`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.faults import Crash, Script


@contextmanager
def mortal(script: Script, writes: Callable[[str, str, bytes], bool]) -> Iterator[None]:
    """Requests end with the script's crash; servers live on. `writes` judges by method, address and body."""
    before: Any = HTTPAdapter.send

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **more: Any) -> Any:
        if script.dead:
            raise Crash
        work = partial(before, adapter, request, **more)
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        return script.call("write", work) if writes(str(request.method), str(request.url), body) else work()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", send)
        yield
