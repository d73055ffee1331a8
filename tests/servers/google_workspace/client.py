"""The real library, aimed at a server of ours: its own shipped documents with another root, nothing patched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import google_auth_httplib2
import httplib2
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from tests.servers.google_workspace.discovery import document
from tests.servers.google_workspace.server import Google, google_workspace
from tests.servers.google_workspace.world import World

PATIENCE = 10.0  # seconds for an answer


@dataclass
class Desk:
    """A Google, and whoever works with it. Everything that was opened is closed at the end."""

    google: Google
    opened: list[Any] = field(default_factory=list)

    def api(self, address: str, name: str = "calendar.v3", **more: Any) -> Any:
        """A service for a user with a token of its own; `more` as for `World.give`."""
        made = service(self.google.url, name, self.google.give(address, **more))
        self.opened.append(made)
        return made


@contextmanager
def desk(world: World | None = None) -> Iterator[Desk]:
    """With a server of its own."""
    with google_workspace(world) as google:
        made = Desk(google)
        try:
            yield made
        finally:
            for one in made.opened:
                one.close()


def service(root: str, name: str, token: str) -> Any:
    """calendar.v3, people.v1, ... for whoever has the token; for one thread. `root` ends with a slash. To be closed."""
    signed_in = Credentials(token=token)  # type: ignore[no-untyped-call]
    http = google_auth_httplib2.AuthorizedHttp(signed_in, http=httplib2.Http(timeout=PATIENCE))
    raw = document(name).raw
    return build_from_document({**raw, "rootUrl": root, "baseUrl": root + raw["servicePath"]}, http=http)


def refused(request: Any) -> tuple[int, str]:
    """Status and reason of a request that must fail."""
    try:
        answer = request.execute(num_retries=0)
    except HttpError as error:
        return int(error.status_code), reason(error)
    raise AssertionError(f"It was not refused: {answer}")


def reason(error: HttpError) -> str:
    """Calendar's reason; at People that of the ErrorInfo, or the status."""
    told = json.loads(error.content)["error"]
    if "errors" in told:
        return str(told["errors"][0]["reason"])
    infos = [str(one["reason"]) for one in told.get("details", []) if "reason" in one]
    return infos[0] if infos else str(told["status"])
