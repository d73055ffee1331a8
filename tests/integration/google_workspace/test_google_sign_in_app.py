"""A service account signs in, for itself and for the people of its domain (domain-wide delegation)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from google.auth import jwt

from connectors.google_workspace.sign_in import refreshed, service_account, token_source
from connectors.google_workspace.sign_in_scopes import DIRECTORY, SERVICES
from connectors.settings import ConnectorSettings
from connectors.tokens import MemoryTokens
from sync_engine.errors import NoAccess, NotAuthorised, Unavailable
from tests.integration.google_workspace.sign_in_world import ADA, GoogleOffice

EVA = "eva@example.com"


def claims_of(form: dict[str, str]) -> dict[str, object]:
    """What the service account signed."""
    return dict(jwt.decode(form["assertion"], verify=False))  # type: ignore[no-untyped-call]


def kept_in(settings: ConnectorSettings) -> ConnectorSettings:
    """With a place for its tokens that is its own."""
    return replace(settings, tokens=MemoryTokens())


def test_it_acts_for_the_person_of_the_mailbox(office: GoogleOffice) -> None:
    key = office.key()
    office.google.sign_in.delegate(key, *SERVICES)
    token = token_source(office.app(key, mailbox=ADA)).token()
    assert office.works(token)
    grant = office.google.world.grant(f"Bearer {token}")
    assert grant is not None
    assert (grant.user.address, grant.app) == (ADA, True)
    claims = claims_of(office.asked("jwt-bearer")[0])
    assert (claims["iss"], claims["sub"]) == (key["client_email"], ADA)
    assert str(claims["scope"]).split() == [str(right) for right in SERVICES]
    assert service_account(office.app(key, mailbox=ADA)) == f"{key['client_email']} ({ADA})"


def test_without_a_mailbox_it_is_itself(office: GoogleOffice) -> None:
    key = office.key()
    token = token_source(office.app(key)).token()
    grant = office.google.world.grant(f"Bearer {token}")
    assert grant is not None
    assert grant.user.address == key["client_email"]
    assert "sub" not in claims_of(office.asked("jwt-bearer")[0])


def test_the_directory_is_asked_for_only_where_it_is_needed(office: GoogleOffice) -> None:
    key = office.key()
    office.google.sign_in.delegate(key, *SERVICES, *DIRECTORY)
    token_source(office.app(key, mailbox=ADA, options={"directory": "groups"})).token()
    token_source(office.app(key, mailbox=ADA)).token()
    asked = [str(claims_of(form)["scope"]) for form in office.asked("jwt-bearer")]
    assert ["admin.directory" in scopes for scopes in asked] == [True, False]


def test_each_mailbox_of_a_fanout_has_a_token_of_its_own(office: GoogleOffice) -> None:
    key = office.key()
    office.google.directory.company.person(EVA)
    office.google.sign_in.delegate(key, *SERVICES)
    ada, eva = office.app(key, mailbox=ADA), office.app(key, mailbox=EVA)
    first = [token_source(one).token() for one in (ada, eva)]
    again = [token_source(one).token() for one in (ada, eva, replace(ada, mailbox="Ada@Example.com"))]
    assert len(set(first)) == 2
    assert again == [*first, first[0]]
    assert len(office.asked("jwt-bearer")) == 2


def test_a_token_is_renewed_before_it_ends(office: GoogleOffice) -> None:
    key = office.key()
    office.google.sign_in.delegate(key, *SERVICES)
    source = refreshed(kept_in(office.app(key, mailbox=ADA)), office.clock)
    first = source.token()
    office.clock.now += 3599 - 301
    assert source.token() == first
    office.clock.now += 2
    assert source.token() != first


def test_what_is_not_delegated_is_told_and_asked_about_again_after_a_quarter_of_an_hour(office: GoogleOffice) -> None:
    key = office.key()
    office.google.sign_in.delegate(key, *SERVICES[:2])
    source = refreshed(kept_in(office.app(key, mailbox=ADA)), office.clock)
    for _ in range(3):
        with pytest.raises(NotAuthorised, match=r"may not act for this person.*Admin console"):
            source.token()
    assert len(office.asked("jwt-bearer")) == 1
    office.google.sign_in.delegate(key, *SERVICES)
    office.clock.now += 901
    assert office.works(source.token())


def test_a_mailbox_of_a_fanout_that_was_refused_is_tried_again_after_some_minutes(office: GoogleOffice) -> None:
    key = office.key()
    settings = office.app(key, mailbox=ADA)
    for _ in range(3):  # each cycle has a connector of its own
        with pytest.raises(NoAccess, match=r"mailbox ada@example\.com is not open"):
            refreshed(settings, office.clock).token()
    assert len(office.asked("jwt-bearer")) == 1
    office.google.sign_in.delegate(key, *SERVICES)
    office.clock.now += 241
    assert office.works(refreshed(settings, office.clock).token())


def test_what_can_be_wrong_with_a_key(office: GoogleOffice) -> None:
    key = office.key()
    office.google.sign_in.delegate(key, *SERVICES)
    for wrong, words in (
        ({"private_key": _another_key(office)}, "key of the service account is not known to Google"),
        ({"client_email": "gone@agenda.iam.gserviceaccount.com"}, "the service account does not exist any more"),
        ({"private_key": "nonsense"}, "private key in the service account's JSON file cannot be read"),
        ({"private_key": ""}, "must be the JSON key of a service account"),
        ({"type": "authorized_user"}, "must be the JSON key of a service account"),
    ):
        with pytest.raises(NotAuthorised, match=words) as refused:
            token_source(kept_in(office.app({**key, **wrong}, mailbox=ADA))).token()
        assert "agendahub account secret gmail" in str(refused.value)
    for text in ("", "GOCSPX-x", json.dumps(key)[:-2], json.dumps(office.google.sign_in.config(office.client, "/"))):
        with pytest.raises(NotAuthorised, match="the whole file"):
            token_source(kept_in(replace(office.app(key), secret=text))).token()


def _another_key(office: GoogleOffice) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(form, kind, serialization.NoEncryption()).decode()


def test_a_person_who_is_not_there_and_a_clock_that_is_wrong(office: GoogleOffice) -> None:
    key = office.key()
    office.google.sign_in.delegate(key, *SERVICES)
    with pytest.raises(NotAuthorised, match="no such person in the domain"):
        token_source(kept_in(office.app(key, mailbox="nobody@example.com"))).token()
    office.google.sign_in.switches.clock_skew = 7200.0
    with pytest.raises(NotAuthorised, match="this machine's clock is wrong"):
        token_source(kept_in(office.app(key, mailbox=ADA))).token()


def test_a_key_that_names_another_place_gets_nothing_without_encryption(office: GoogleOffice) -> None:
    key = {**office.key(), "token_uri": "http://tokens.example.org/token"}
    with pytest.raises(Unavailable, match="not over https; nothing was sent there"):
        token_source(kept_in(office.app(key, mailbox=ADA))).token()
