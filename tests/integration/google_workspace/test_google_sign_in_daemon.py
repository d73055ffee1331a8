"""The real daemon and the real commands at Google: signing in, losing it, and going on from where it was (R24)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from tests.hub_process import Hub, wait_for
from tests.integration.google_workspace.sign_in_world import ADA, GoogleOffice

CALLBACK = "/sign-in/google/callback"


@pytest.fixture
def hub(tmp_path: Path, office: GoogleOffice) -> Hub:
    """With an account that nobody has signed in for, and a binding for contacts and one for the calendar."""
    made = Hub(tmp_path)
    made.run("init")
    client = office.google.sign_in.client("web", redirect_uris=(made.url + CALLBACK,))
    (tmp_path / "secret").write_text(client.secret)
    where = {"url": office.root, "authority": office.root.rstrip("/"), "ca_file": str(office.ca)}
    made._append(
        "accounts", name="gmail", connector="google_workspace", auth="web", client_id=client.id,
        secret="file:secret", push="off", **where,
    )  # fmt: skip
    for name, remote, kind in (("people", "contacts", "contact"), ("agenda", f"calendars/{ADA}", "event")):
        made.write_binding(name, "gmail", remote, name, kind=kind)
        made.edit(f'name = "{name}"', f'name = "{name}"\ninterval = "1s"')
    return made


def test_r24_a_lost_sign_in_stops_all_is_told_once_and_goes_on_from_the_cursor(hub: Hub, office: GoogleOffice) -> None:
    api = {"Authorization": f"Bearer {hub.json('token', 'add', 'admin')['token']}"}
    add_contact(office, "Eva")
    with hub.serving():
        sign_in_in_a_browser(hub, office, api)
        wait_for(lambda: all(hub.state(name)["state"] == "ok" for name in ("people", "agenda")))
        assert hub.state("people")["links"] == 1
        office.google.sign_in.take_back(ADA)
        wait_for(lambda: all(hub.state(name)["state"] == "needs_sign_in" for name in ("people", "agenda")))
        assert "agendahub account sign-in gmail" in hub.state("people")["detail"]
        metrics = requests.get(f"{hub.url}/metrics", timeout=10).text
        assert 'agendahub_account_needs_sign_in{account="gmail"} 1.0' in metrics
        add_contact(office, "Max")
        asked, seen = len(office.google.sign_in.asked), len(office.gate.seen)
        hub.run("sync", "people", code=1)
        assert "Needs sign-in" in hub.errors
        assert len(office.google.sign_in.asked) == asked
        assert office.gate.seen[seen:] == []

        sign_in_in_a_browser(hub, office, api)
        wait_for(lambda: hub.state("people")["links"] == 2)
        wait_for(lambda: all(hub.state(name)["state"] == "ok" for name in ("people", "agenda")))
        lists = [path for path in office.gate.seen[seen:] if re.search(r"/connections\?|/events\?", path)]
        assert lists
        assert all("syncToken=" in path for path in lists)  # not one began anew
    # Before the first sign-in a cycle may have begun already: that it found none is another matter.
    failed = [line for line in hub.log().splitlines() if "the cycle failed" in line]
    told = [line for line in failed if "nobody has signed in" not in line]
    assert len(told) == 1, told
    assert not re.search(r"ya29\.|1//|4/0A|GOCSPX", hub.log())


def add_contact(office: GoogleOffice, name: str) -> None:
    """As another program of Ada's does."""
    headers = {"Authorization": f"Bearer {office.google.give(ADA)}"}
    where, body = f"{office.root}v1/people:createContact", {"names": [{"givenName": name}]}
    requests.post(where, json=body, headers=headers, verify=str(office.ca), timeout=10).raise_for_status()


def sign_in_in_a_browser(hub: Hub, office: GoogleOffice, api: dict[str, str]) -> None:
    """As the admin's page would have it done."""
    where = f"{hub.url}/api/v1/accounts/gmail/sign-in"
    assert requests.post(where, timeout=10).status_code == 401
    begun = requests.post(where, headers=api, timeout=10).json()
    assert begun["redirect_uri"] == hub.url + CALLBACK
    back, answer = office.browse(begun["url"])
    assert back == hub.url + CALLBACK
    for wrong in ({"state": "forged", "code": answer["code"]}, {"code": answer["code"]}):
        refused = requests.get(back, wrong, timeout=10)
        assert refused.status_code == 400
        assert "not begun here" in refused.text
    assert requests.get(back, timeout=10).status_code == 405
    assert requests.get(f"{hub.url}/sign-in/microsoft/callback", answer, timeout=10).status_code == 405
    shown = requests.get(back, answer, timeout=10)
    assert shown.status_code == 200, shown.text
    assert f"{ADA} is signed in for account gmail" in shown.text
    assert not {"set-cookie", "location"} & set(shown.headers)
    assert shown.headers["referrer-policy"] == "no-referrer"
    again = requests.get(back, answer, timeout=10)
    assert (again.status_code, "used before" in again.text) == (400, True)
