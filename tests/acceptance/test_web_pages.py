"""The pages for people at the real daemon: a password from the command line, a device, a phone, a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.hub_process import Hub
from tests.servers.certificates import certificates
from tests.servers.pages import PASSWORD, Browser

pytestmark = pytest.mark.slow


def test_a_person_sets_up_a_phone(tmp_path: Path) -> None:
    hub, (pair, ca) = Hub(tmp_path), certificates(tmp_path)
    hub.run("init")
    hub.edit("[server]\n", f'[server]\ntls_cert = "{pair}"\ntls_key = "{pair}"\n')
    hub.url = hub.url.replace("http:", "https:")
    hub.run("user", "add", "ada")
    hub.run("user", "set-password", "ada", typed=f"{PASSWORD}\n")
    browser = Browser(hub.url, ca)
    with _serving(hub, ca):
        browser.sign_in().open("/devices/add").send("/devices/add", name="Phone", client="other")
        password = browser.page.xpath("//dt[.='Password']/following-sibling::dd[1]/code/text()")[0]
        assert _reads(hub, ca, password)
    with _serving(hub, ca):
        assert browser.open("/devices").path == "/devices"  # a restart signs nobody out
        browser.open(browser.page.xpath("//td/a/@href")[0]).send("/remove")
        assert not _reads(hub, ca, password)
    told = [json.loads(line) for line in hub.log().splitlines() if line.startswith("{")]
    assert {"signed in to the web pages", "added a device on the web pages"} <= {one["event"] for one in told}
    assert PASSWORD not in hub.log()
    assert password not in hub.log()
    assert browser.cookies["__Host-agendahub"] not in hub.log()
    browser.close()


@contextmanager
def _serving(hub: Hub, ca: Path) -> Iterator[None]:
    """`Hub.serving` asks whether it is up: over TLS with the authority's certificate."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(ca))
        with hub.serving():
            yield


def _reads(hub: Hub, ca: Path, password: str) -> bool:
    with requests.Session() as phone:
        phone.trust_env = False
        where = f"{hub.url}/dav/calendars/ada/"
        answer = phone.request("PROPFIND", where, auth=("ada", password), verify=str(ca), timeout=20)
        return answer.status_code == 207
