"""The life of a token against Google's token endpoint, through the real google-auth."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import Response

from connectors.google_workspace.sign_in import refreshed, token_source
from connectors.google_workspace.sign_in_scopes import Right
from connectors.kept_sign_in import Kept
from connectors.refreshed_token import RefreshedToken
from connectors.tokens import MemoryTokens
from sync_engine.errors import NotAuthorised, Unavailable
from tests.integration.google_workspace.sign_in_world import ADA, GoogleOffice
from tests.integration.token_life import ANSWERS, Dies, Killed, outlives_trouble, reacts, renewed_once


def source_of(office: GoogleOffice, tokens: MemoryTokens, **more: Any) -> RefreshedToken:
    return refreshed(office.settings(tokens, **more), office.clock)


def test_a_token_is_used_as_long_as_it_is_good_and_renewed_before_it_ends(office: GoogleOffice) -> None:
    source = source_of(office, office.signed_in())
    token = source.token()
    assert office.works(token)
    office.clock.now += 3599 - 301
    assert source.token() == token
    office.clock.now += 2
    renewed = source.token()
    assert renewed != token
    assert office.works(renewed)
    assert len(office.asked("refresh_token")) == 2


def test_many_threads_and_connectors_make_one_request(office: GoogleOffice) -> None:
    tokens = office.signed_in()
    office.gate.delay = 0.05
    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(lambda _: source_of(office, tokens).token(), range(8)))
    assert len(told) == 1
    assert len(office.asked("refresh_token")) == 1


def test_who_signed_in_is_kept_with_the_tokens(office: GoogleOffice) -> None:
    tokens = office.signed_in()
    source_of(office, tokens).token()
    kept = Kept.read(tokens.load())
    assert kept.person == ADA
    assert kept.identity.isdigit()


def test_no_scopes_are_sent_with_a_refresh(office: GoogleOffice) -> None:
    """Google refuses those that the person did not consent to; without any it gives all that they did."""
    source_of(office, office.signed_in()).token()
    form = office.asked("refresh_token")[0]
    assert "scope" not in form
    assert (form["client_id"], form["client_secret"]) == (office.client.id, office.client.secret)


def test_the_downloaded_file_of_a_client_is_as_good_as_its_secret(office: GoogleOffice) -> None:
    whole = json.dumps(office.google.sign_in.config(office.client, office.root))
    source_of(office, office.signed_in(), secret=whole, client_id="").token()
    assert office.asked("refresh_token")[0]["client_secret"] == office.client.secret
    with pytest.raises(NotAuthorised, match="needs the client_id and the secret of an OAuth client"):
        source_of(office, office.signed_in(), secret=json.dumps({"type": "authorized_user"})).token()
    with pytest.raises(NotAuthorised, match="needs the client_id and the secret of an OAuth client"):
        source_of(office, office.signed_in(), secret=whole[:-5]).token()


def test_a_rotated_refresh_token_is_kept_before_the_new_token_is_used(office: GoogleOffice) -> None:
    """Killed right after the save, nothing is lost."""
    tokens = Dies(office.kept().written())
    told = {"access_token": "ya29.x", "expires_in": 3599, "refresh_token": "1//rotated", "token_type": "Bearer"}
    office.google.sign_in.switches.troubles.append((200, json.dumps(told).encode()))
    with pytest.raises(Killed):
        source_of(office, tokens).token()
    assert Kept.read(tokens.load()).refresh_token == "1//rotated"


def test_r24_a_refusal_is_remembered_and_the_endpoint_is_left_alone(office: GoogleOffice) -> None:
    tokens = office.signed_in()
    office.google.sign_in.take_back(ADA)
    for _ in range(3):
        with pytest.raises(NotAuthorised, match=r"^Needs sign-in: .*invalid_grant.*account sign-in gmail") as refused:
            source_of(office, tokens).token()
        assert refused.value.server_said == "Token has been expired or revoked."
    assert len(office.asked("refresh_token")) == 1
    office.clock.now += 86400  # time alone mends nothing: no person was there
    with pytest.raises(NotAuthorised):
        source_of(office, tokens).token()
    assert len(office.asked("refresh_token")) == 1
    tokens.save(office.kept().written())  # somebody signed in
    assert office.works(source_of(office, tokens).token())


def test_r24_an_app_in_testing_ends_after_seven_days_and_the_words_say_so(office: GoogleOffice) -> None:
    office.client.testing = True
    source = source_of(office, office.signed_in())
    assert source.token()
    office.clock.now += timedelta(days=7, minutes=1).total_seconds()
    with pytest.raises(NotAuthorised, match='7 days that an app in "Testing" gets'):
        source.token()


def test_a_refusal_counts_for_the_client_that_was_refused(office: GoogleOffice) -> None:
    tokens = office.signed_in()
    with pytest.raises(NotAuthorised, match="proof of the OAuth client is not accepted"):
        source_of(office, tokens, secret="GOCSPX-wrong").token()
    assert office.works(source_of(office, tokens).token())


def test_a_sign_in_with_another_client_has_to_be_made_anew(office: GoogleOffice) -> None:
    tokens, other = office.signed_in(), office.google.sign_in.client()
    with pytest.raises(NotAuthorised, match=r"made with another OAuth client .*account sign-in gmail"):
        source_of(office, tokens, client_id=other.id, secret=other.secret).token()


def test_nobody_signed_in(office: GoogleOffice) -> None:
    with pytest.raises(NotAuthorised, match=r"nobody has signed in for this account; agendahub account sign-in gmail"):
        source_of(office, MemoryTokens()).token()
    assert office.google.sign_in.asked == []


def test_a_consent_that_lacks_a_scope_is_told_by_its_name_and_asked_for_once(office: GoogleOffice) -> None:
    tokens = office.signed_in(*(right for right in Right if right is not Right.CALENDAR))
    for _ in range(3):
        with pytest.raises(NotAuthorised, match=r"no permission was given for calendars \(https://.*/auth/calendar\)"):
            source_of(office, tokens).token()
    assert len(office.asked("refresh_token")) == 1
    assert Kept.read(tokens.load()).refresh_token  # for an account that wants less
    fewer = {"account": "gmail", "scopes": f"{Right.CONTACTS} email"}
    assert source_of(office, tokens, options=fewer).token()


def test_a_service_that_is_down_costs_nothing_while_the_token_is_good(office: GoogleOffice) -> None:
    source = source_of(office, office.signed_in())
    outlives_trouble(source, office.gate.trouble, office.clock, 3599)


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        *ANSWERS,
        (Response("oops", 500), Unavailable, "HTTP 500"),
        (Response("{}", 200), Unavailable, "cannot be understood"),
        (Response("[]", 200), Unavailable, "cannot be understood"),
        (Response('{"access_token": "x", "expires_in": "soon"}', 200), Unavailable, "cannot be understood"),
        (Response('{"error": "internal_failure"}', 400), Unavailable, "cannot answer now"),
        (Response('{"error": "invalid_grant", "error_subtype": "invalid_rapt"}', 400), NotAuthorised, "some hours"),
        (Response('{"error": "deleted_client"}', 401), NotAuthorised, "client was deleted"),
        (Response('{"error": {"code": 400}}', 400), NotAuthorised, "refused"),
    ],
)
def test_each_answer_has_its_reaction_after_one_request(
    office: GoogleOffice, answer: Response, expected: type[Exception], words: str
) -> None:
    """google-auth would ask three times, with pauses, where it thinks that this helps."""
    office.gate.trouble["/token"] = answer
    reacts(source_of(office, office.signed_in()), expected, words)
    assert len([path for path in office.gate.seen if path.startswith("/token")]) == 1


def test_a_service_that_cannot_be_reached_or_is_somebody_else(office: GoogleOffice) -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 cannot be reached \(no connection\)"):
        source_of(office, office.signed_in(), authority="https://127.0.0.1:1").token()
    with pytest.raises(Unavailable, match="certificate is refused"):
        source_of(office, office.signed_in(), ca_file="").token()
    with pytest.raises(Unavailable, match="not over https; nothing was sent"):
        source_of(office, office.signed_in(), authority="http://accounts.example.org").token()
    assert office.google.sign_in.asked == []


def test_a_token_that_the_server_refuses_is_renewed_once(office: GoogleOffice) -> None:
    source = source_of(office, office.signed_in())
    renewed_once(source)
    assert len(office.asked("refresh_token")) == 2


def test_a_standing_token_stays_what_it_is(office: GoogleOffice) -> None:
    source = token_source(office.settings(None, auth="bearer", secret="standing"))
    source.refused("standing")
    assert source.token() == "standing"
    with pytest.raises(ValueError, match="is not for Google"):
        token_source(office.settings(None, auth="ntlm"))


def test_the_environment_is_not_read(office: GoogleOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    assert source_of(office, office.signed_in()).token()
