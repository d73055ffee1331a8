"""The life of a token against our token endpoint, through the real msal."""

from __future__ import annotations

import pytest

from connectors.microsoft.sign_in import token_source
from connectors.microsoft.sign_in_kept import Kept, made_for
from connectors.microsoft.sign_in_scopes import Resource
from connectors.settings import ConnectorSettings
from connectors.tokens import MemoryTokens
from tests.integration.microsoft.sign_in_world import Office


def kept(office: Office, **more: object) -> MemoryTokens:
    return MemoryTokens(Kept(refresh_token=office.graph.sign_in.refresh_token()).written())


def test_a_refresh_token_becomes_an_access_token(office: Office) -> None:
    tokens = kept(office)
    source = token_source(office.settings(tokens))
    token = source.token()
    assert office.works(token)
    assert source.token() == token
    assert len(office.asked("refresh_token")) == 1


def test_app(office: Office) -> None:
    source = token_source(office.settings(None, auth="app", secret="s3cret"))
    assert office.works(source.token())
