"""E15 further: tokens, an application that acts for many, and a meeting seen from two mailboxes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
from exchangelib import IMPERSONATION

from tests.servers.microsoft.ews import add_person
from tests.servers.microsoft.ews_client import Desk
from tests.servers.microsoft.ews_meetings import hold_meeting
from tests.servers.microsoft.ews_xml import NAMES

ASK = '<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="{}"/></m:FolderIds></m:GetFolder>'  # noqa: E501


def with_token(desk: Desk, token: str, whom: str = "") -> requests.Response:
    """A request for the contacts folder."""
    names = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in NAMES.items())
    acted = f"<t:ConnectingSID><t:PrimarySmtpAddress>{whom}</t:PrimarySmtpAddress></t:ConnectingSID>"
    header = f"<t:ExchangeImpersonation>{acted}</t:ExchangeImpersonation>" if whom else ""
    body = f"<s:Header>{header}</s:Header><s:Body>{ASK.format('contacts')}</s:Body>"
    whole = f"<s:Envelope {names}>{body}</s:Envelope>"
    sent = {"Authorization": f"Bearer {token}"}
    return requests.post(desk.site.url, data=whole.encode(), headers=sent, timeout=10)


@pytest.fixture
def two(ews: Desk) -> Desk:
    """Bob has a mailbox too."""
    add_person(ews.site, "bob", "geheim", "bob@example.com", "Bob Builder")
    return ews


def test_e15_a_token_is_as_good_as_a_password_and_an_unknown_one_is_none(ews: Desk) -> None:
    ews.site.tokens["good"] = "ada@example.com"
    assert "NoError" in with_token(ews, "good").text
    assert with_token(ews, "stale").status_code == 401


def test_e15_an_application_must_say_for_whom_it_acts(two: Desk) -> None:
    two.site.tokens["app"] = ""
    assert "ErrorInvalidRequest" in with_token(two, "app").text
    assert "ErrorImpersonateUserDenied" in with_token(two, "app", "bob@example.com").text
    two.site.impersonators.add("app")
    mailbox = two.site.exchange.mailbox("bob@example.com")
    assert mailbox.collection("contacts").id in with_token(two, "app", "bob@example.com").text


def test_e15_a_meeting_has_one_uid_in_every_mailbox(two: Desk) -> None:
    two.site.impersonators.add("ada")
    start, end = datetime(2026, 5, 4, 8, tzinfo=UTC), datetime(2026, 5, 4, 9, tzinfo=UTC)
    hold_meeting(two.site.exchange, "ada@example.com", ["bob@example.com"], "Plan", start, end)
    [hers] = two.sign_in().calendar.all()
    [his] = two.sign_in("bob@example.com", access=IMPERSONATION).calendar.all()
    assert hers.uid == his.uid
    assert hers.id != his.id
    assert (hers.my_response_type, his.my_response_type) == ("Organizer", "Accept")
    assert his.organizer.email_address == "ada@example.com"
    assert two.site.exchange.outbox == []
