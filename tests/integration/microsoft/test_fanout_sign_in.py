"""One sign-in of an app for all the mailboxes of a fan-out (R24)."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import Response

from storage import secrets
from sync_engine.errors import NoAccess, NotAuthorised
from tests.integration.microsoft.fanout_world import PEOPLE, Company, GraphFront, all_well
from tests.integration.microsoft.sign_in_world import Office


@pytest.fixture
def company(office: Office, tmp_path: Path) -> Company:
    """Five colleagues, and an app with a secret."""
    front = GraphFront(office.graph)
    front.account = {
        "connector": "microsoft365",
        "url": f"{office.graph.url}/v1.0",
        "auth": "app",
        "tenant": "contoso",
        "client_id": "cid",
        "authority": office.graph.url,
        "ca_file": str(office.ca),
        "token": "the secret of the app",
    }
    for address in PEOPLE[:5]:
        front.add(address)
    made = Company(tmp_path, front)
    secrets.create_key_file(made.workspace.loaded.key_file)
    made.put("u1", "Grace Hopper")
    return made


def test_r24_all_mailboxes_share_one_token(company: Company, office: Office) -> None:
    company.refresh()
    all_well(company.sync())
    all_well(company.sync())
    assert [company.inside(address) for address in PEOPLE[:5]] == [["Grace Hopper"]] * 5
    assert len(office.asked("client_credentials")) == 1
    company.workspace.close()


def test_r24_an_app_that_is_refused_is_asked_for_once(company: Company, office: Office) -> None:
    company.refresh()
    company.front.account["token"] = "another secret"
    company.write()
    office.graph.sign_in.asked.clear()
    office.gate.trouble["/token"] = Response(
        '{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}',
        401,
        media_type="application/json",
    )
    errors = [outcome.error for outcome in company.sync().values()]
    assert len(errors) == 5
    assert all(isinstance(error, NotAuthorised) and not isinstance(error, NoAccess) for error in errors)
    assert sum(path.startswith("/contoso/oauth2/v2.0/token") for path in office.gate.seen) == 2, "good once, bad once"
    company.workspace.close()
