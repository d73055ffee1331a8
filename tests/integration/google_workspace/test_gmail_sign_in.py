"""One sign-in for calendars and for mails: who has not consented to mails yet goes on with calendars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.google_workspace.connector import GoogleWorkspaceConnector
from connectors.google_workspace.mail import GmailMail
from connectors.google_workspace.sign_in_scopes import scopes_of
from connectors.tokens import MemoryTokens
from sync_engine.errors import NotAuthorised
from tests.integration.google_workspace.sign_in_world import ADA, GoogleOffice

OPTIONS = {"account": "gmail", "mail": "read send", "syncs": "yes"}


def test_calendars_go_on_without_a_consent_to_mails(office: GoogleOffice) -> None:
    """A mailbox was added to an account that has long been in use."""
    tokens = office.signed_in()
    settings = office.settings(tokens, options=OPTIONS)
    mails, calendars = GmailMail(settings), GoogleWorkspaceConnector(settings)
    for _ in range(2):
        with pytest.raises(NotAuthorised, match=r"mails.*agendahub account sign-in gmail"):
            mails.folders()
        assert calendars.collections()
    mails.close()
    calendars.close()


def test_after_consent_both_use_the_same_token(office: GoogleOffice) -> None:
    wanted = scopes_of(office.settings(None, options=OPTIONS))
    settings = office.settings(office.signed_in(*wanted), options=OPTIONS)
    mails, calendars = GmailMail(settings), GoogleWorkspaceConnector(settings)
    for _ in range(2):
        assert mails.folders()
        assert calendars.collections()
    assert len(office.asked("refresh_token")) == 1
    mails.close()
    calendars.close()


def test_a_service_account_asks_for_one_token_for_each_use(office: GoogleOffice) -> None:
    """A token is good for what was asked for: they must not push each other out of the store."""
    key = office.key()
    settings = replace(office.app(key, mailbox=ADA, options=OPTIONS), tokens=MemoryTokens())
    office.google.sign_in.delegate(key, *scopes_of(settings))
    for _ in range(3):
        mails, calendars = GmailMail(settings), GoogleWorkspaceConnector(settings)
        assert mails.folders()
        assert calendars.collections()
        mails.close()
        calendars.close()
    assert len(office.asked("jwt-bearer")) == 2
