"""A browser, as far as a sign-in needs one: opens an address, and sends the form that comes back."""

from __future__ import annotations

import re

import requests


def comes_back_with(url: str, ca: str) -> tuple[str, dict[str, str]]:
    """Where the page at the sign-in service sends its form, and what is in it."""
    shown = requests.get(url, verify=ca, timeout=10, allow_redirects=False)
    found = re.search(r'action="([^"]+)"', shown.text)
    assert found, (shown.status_code, shown.text)
    return found[1], dict(re.findall(r'name="(\w+)" value="([^"]*)"', shown.text))
