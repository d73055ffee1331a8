"""The real daemon and the real commands: signing in, losing it, and going on from where it was (R24)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests

from tests.hub_process import Hub, wait_for
from tests.integration.microsoft.browser import comes_back_with
from tests.integration.microsoft.sign_in_world import ADA, Office

CALLBACK = "/sign-in/microsoft/callback"


@pytest.fixture
def hub(tmp_path: Path, office: Office) -> Hub:
    """With an account that nobody has signed in for, and a binding for contacts and one for the calendar."""
    made = Hub(tmp_path)
    made.run("init")
    where = {"url": f"{office.graph.url}/v1.0", "authority": f"{office.graph.url}/contoso", "ca_file": str(office.ca)}
    made._append("accounts", name="office", connector="microsoft365", auth="device", client_id="cid", **where)
    for name, remote, kind in (("people", "Contacts", "contact"), ("agenda", "Calendar", "event")):
        made.write_binding(name, "office", remote, name, kind=kind)
        made.edit(f'name = "{name}"', f'name = "{name}"\ninterval = "1s"')
    return made


def sign_in_by_code(hub: Hub, office: Office) -> None:
    office.graph.sign_in.consented = True
    first, last = map(json.loads, hub.run("account", "sign-in", "office", "--json").splitlines())
    assert (first["code"], first["url"]) == ("ABCD-1234", "https://localhost/device")
    assert last == {"account": "office", "signed_in": ADA}


def lose(office: Office) -> None:
    """Somebody revokes the sign-in."""
    office.graph.sign_in.revoked = True
    office.graph.sign_in.grants.clear()


def test_r24_a_lost_sign_in_stops_all_is_told_once_and_goes_on_from_the_cursor(hub: Hub, office: Office) -> None:
    sign_in_by_code(hub, office)
    api = {"Authorization": f"Bearer {hub.json('token', 'add', 'admin')['token']}"}
    with hub.serving():
        wait_for(lambda: all(hub.state(name)["state"] == "ok" for name in ("people", "agenda")))
        assert hub.state("people")["links"] == 1
        lose(office)
        wait_for(lambda: all(hub.state(name)["state"] == "needs_sign_in" for name in ("people", "agenda")))
        assert "agendahub account sign-in office" in hub.state("people")["detail"]
        metrics = requests.get(f"{hub.url}/metrics", timeout=10).text
        assert 'agendahub_account_needs_sign_in{account="office"} 1.0' in metrics
        office.graph.server.mailbox(ADA).create("contacts", {"displayName": "Max"})
        asked, seen = len(office.graph.sign_in.asked), len(office.gate.seen)
        hub.run("sync", "people", code=1)
        assert "Needs sign-in" in hub.errors
        assert len(office.graph.sign_in.asked) == asked
        assert office.gate.seen[seen:] == []

        sign_in_in_a_browser(hub, office, api)
        wait_for(lambda: hub.state("people")["links"] == 2)
        wait_for(lambda: all(hub.state(name)["state"] == "ok" for name in ("people", "agenda")))
        rounds = [address for address in office.gate.seen[seen:] if "/contacts/delta" in address]
        assert rounds
        assert all("token=" in address for address in rounds)  # not one began anew
        metrics = requests.get(f"{hub.url}/metrics", timeout=10).text
        assert "agendahub_account_needs_sign_in{" not in metrics
    # Before the first sign-in a cycle may have begun already: that it found none is another matter.
    failed = [line for line in hub.log().splitlines() if "the cycle failed" in line]
    told = [line for line in failed if "nobody has signed in" not in line]
    assert len(told) == 1, told
    assert not re.search(r"(access|refresh)-[0-9a-f]{16}", hub.log())


def sign_in_in_a_browser(hub: Hub, office: Office, api: dict[str, str]) -> None:
    """As the admin's page would have it done."""
    office.graph.sign_in.revoked = False
    where = f"{hub.url}/api/v1/accounts/office/sign-in"
    assert requests.post(where, timeout=10).status_code == 401
    assert requests.post(f"{hub.url}/api/v1/accounts/none/sign-in", headers=api, timeout=10).status_code == 404
    begun = requests.post(where, headers=api, timeout=10).json()
    assert begun["redirect_uri"] == hub.url + CALLBACK
    back, answer = comes_back_with(begun["url"], str(office.ca))
    assert back == hub.url + CALLBACK
    for wrong in ({"state": "forged", "code": answer["code"]}, {"code": answer["code"]}, {}):
        refused = requests.post(back, data=wrong, timeout=10)
        assert refused.status_code == 400
        assert "not begun here" in refused.text
    assert requests.get(back, answer, timeout=10).status_code == 405
    assert requests.post(back, data="x" * 70_000, timeout=10).status_code == 413
    shown = requests.post(back, data=answer, timeout=10)
    assert shown.status_code == 200, shown.text
    assert f"{ADA} is signed in for account office" in shown.text
    assert not {"set-cookie", "location"} & set(shown.headers)
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")
    again = requests.post(back, data=answer, timeout=10)
    assert (again.status_code, "used before" in again.text) == (400, True)
