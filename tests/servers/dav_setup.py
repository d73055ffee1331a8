"""Making collections on a real server, independently of the code under test."""

from __future__ import annotations

import uuid
from urllib.parse import urljoin

import requests

from tests.servers.processes import Server

_SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:r="urn:ietf:params:xml:ns:carddav"'
_HEAD = f'<?xml version="1.0"?><d:mkcol {_SPACES}>'
_TYPES = {"calendar": "<c:calendar/>", "addressbook": "<r:addressbook/>"}


def make_collection(server: Server, home: str, kind: str) -> str:
    """Make a calendar or an address book with a random name; returns its path."""
    path = f"{home}{kind}-{uuid.uuid4().hex[:8]}/"
    if kind == "calendar":
        answer = requests.request(
            "MKCALENDAR", urljoin(server.url, path), auth=(server.username, server.password), timeout=20
        )
    else:
        props = f"<d:prop><d:resourcetype><d:collection/>{_TYPES[kind]}</d:resourcetype></d:prop>"
        body = f"{_HEAD}<d:set>{props}</d:set></d:mkcol>"
        answer = requests.request(
            "MKCOL",
            urljoin(server.url, path),
            data=body.encode(),
            headers={"Content-Type": "application/xml"},
            auth=(server.username, server.password),
            timeout=20,
        )
    assert answer.status_code in {201, 207}, (answer.status_code, answer.text)
    return path
