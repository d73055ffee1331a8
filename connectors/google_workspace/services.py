"""Google's services as resources of its library, from the discovery documents that the library ships.

Built once in a process for each address: a resource only makes requests, it sends none. With an address of its own
(a test server, a gateway) one root stands for all of them, batches too.
"""

from __future__ import annotations

import json
import threading
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import urljoin

from google.api_core.client_options import ClientOptions
from googleapiclient import discovery_cache
from googleapiclient.discovery import build_from_document

_UNIVERSE = "googleapis.com"  # named, so that no variable of the environment chooses another one
_VERSIONS = {"calendar": "v3", "people": "v1", "tasks": "v1", "admin": "directory_v1", "gmail": "v1"}


class _NoConnection:
    """What resources are built with: each request is sent by the transport of an account."""

    def request(self, *_: object, **__: object) -> NoReturn:
        """Never."""
        raise RuntimeError("A request to Google is sent by the account's transport only.")


class Services:
    """The services below one root; "" for Google's own. Used by many threads."""

    def __init__(self, root: str = "") -> None:
        self._root = root

    @cached_property
    def calendar(self) -> Any:
        """Calendar API v3."""
        return self._built("calendar")

    @cached_property
    def people(self) -> Any:
        """People API v1."""
        return self._built("people")

    @cached_property
    def tasks(self) -> Any:
        """Tasks API v1."""
        return self._built("tasks")

    @cached_property
    def admin(self) -> Any:
        """Admin SDK, Directory API v1."""
        return self._built("admin")

    @cached_property
    def gmail(self) -> Any:
        """Gmail API v1."""
        return self._built("gmail")

    def batch_address(self, name: str) -> str:
        """Where a batch of requests to a service goes; `name` as the first word of method ids: calendar, people ..."""
        document = self.document(_named(name))
        return str(urljoin(document["rootUrl"], document["batchPath"]))

    def is_ours(self, url: str) -> bool:
        """Whether an address is below one of the services' roots: only there the token goes."""
        return any(url.startswith(self.document(name)["rootUrl"]) for name in _VERSIONS)

    def document(self, name: str) -> dict[str, Any]:
        """The discovery document, with our root."""
        return self._documents[name]

    @cached_property
    def _documents(self) -> dict[str, dict[str, Any]]:
        return {name: _shipped(name, self._root) for name in _VERSIONS}

    def _built(self, name: str) -> Any:
        options = ClientOptions(universe_domain=_UNIVERSE)
        return build_from_document(self.document(name), http=_NoConnection(), client_options=options)


def _named(name: str) -> str:
    return "admin" if name == "directory" else name


def _shipped(name: str, root: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(discovery_cache.get_static_doc(name, _VERSIONS[name]))
    if root:
        document |= {"rootUrl": root, "baseUrl": urljoin(root, document["servicePath"])}
    return document


_services: dict[str, Services] = {}
_guard = threading.Lock()


def services_at(url: str = "") -> Services:
    """The services below this address, Google's own without one: the same for all who ask."""
    root = f"{url.rstrip('/')}/" if url else ""
    with _guard:
        return _services.setdefault(root, Services(root))
