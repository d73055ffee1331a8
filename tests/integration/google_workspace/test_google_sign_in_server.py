"""Sign-in at the Google test server, through google-auth and google-auth-oauthlib."""

from __future__ import annotations

import json
import threading
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google_auth_httplib2
import httplib2
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2 import id_token
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceCredentials
from google_auth_oauthlib.flow import Flow, InstalledAppFlow

from tests.integration.google_workspace.people_desk import ADA, Clock
from tests.servers.google_workspace.client import refused, service
from tests.servers.google_workspace.server import Google, google_workspace
from tests.servers.google_workspace.sign_in import SignIn
from tests.servers.google_workspace.sign_in_grants import OAuthClient
from tests.servers.google_workspace.sign_in_keys import private_pem
from tests.servers.google_workspace.world import AUTH, World

BACK = "http://127.0.0.1:8080/back"  # nobody listens there: the address in the browser is read
CONTACTS, TASKS, EMAIL = AUTH + "contacts", AUTH + "tasks", AUTH + "userinfo.email"
WHO = ["openid", EMAIL]


@dataclass
class Office:
    """A Google, a clock, and what the library needs to talk to it."""

    google: Google
    clock: Clock
    http: httplib2.Http
    request: Any  # google.auth.transport.Request
    opened: list[Any] = field(default_factory=list)

    @property
    def sign_in(self) -> SignIn:
        """Of the server."""
        return self.google.sign_in

    def web(self, **more: Any) -> OAuthClient:
        """A web app."""
        return self.sign_in.client("web", redirect_uris=(BACK,), **more)

    def flow(self, client: OAuthClient, *scopes: str, redirect_uri: str = BACK) -> Flow:
        """The library's, for this client."""
        config = self.sign_in.config(client, self.google.url)
        return Flow.from_client_config(config, [*scopes], redirect_uri=redirect_uri)

    def open(self, url: str) -> tuple[int, dict[str, str]]:
        """Status of the page, and the query that the browser comes back with."""
        told, _ = self.http.request(url, redirections=0)
        query = parse_qs(urlsplit(told.get("location", "")).query)
        return int(told.status), {name: values[0] for name, values in query.items()}

    def signed_in(self, client: OAuthClient, *scopes: str, **more: Any) -> Credentials:
        """Through the web flow."""
        flow = self.flow(client, *scopes)
        url, state = flow.authorization_url(**{"access_type": "offline", "prompt": "consent", **more})
        _, told = self.open(url)
        assert told["state"] == state
        flow.fetch_token(code=told["code"])
        flow.oauth2session.close()
        credentials: Credentials = flow.credentials
        return credentials

    def refreshed(self, client: OAuthClient, token: str | None, **more: Any) -> Credentials:
        """With a refresh token."""
        made = Credentials(  # type: ignore[no-untyped-call]
            None,
            refresh_token=token,
            token_uri=f"{self.google.url}token",
            client_id=client.id,
            client_secret=more.pop("client_secret", client.secret),
            **more,
        )
        made.refresh(self.request)  # type: ignore[no-untyped-call]
        return made

    def refusal(self, run: Callable[[], Any]) -> str:
        """The error of OAuth that it ends with."""
        with pytest.raises(RefreshError) as error:
            run()
        assert not error.value.retryable
        return str(error.value.args[1]["error"])

    def asked_as(self, account: dict[str, Any], person: str | None, *scopes: str) -> ServiceCredentials:
        """A service account's."""
        made = ServiceCredentials.from_service_account_info(  # type: ignore[no-untyped-call]
            account, scopes=[*scopes], subject=person
        )
        made.refresh(self.request)
        found: ServiceCredentials = made
        return found

    def api(self, name: str, token: str | None) -> Any:
        """A service of the library's."""
        self.opened.append(service(self.google.url, name, str(token)))
        return self.opened[-1]

    def status(self, token: str | None) -> int:
        """Of a plain request: the library would try to get another token first."""
        url = f"{self.google.url}v1/people/me?personFields=names"
        return int(self.http.request(url, headers={"Authorization": f"Bearer {token}"})[0].status)

    def people(self, token: str | None) -> Any:
        """A request of the People API for the own address."""
        return self.api("people.v1", token).people().get(resourceName="people/me", personFields="emailAddresses")


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A server of its own. The library takes plain http only if it is told so."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    clock, http = Clock(), httplib2.Http(timeout=10)
    http.follow_redirects = False
    with google_workspace(World(clock=clock)) as google:
        google.world.user(ADA)
        made = Office(google, clock, http, google_auth_httplib2.Request(http))
        yield made
        for one in [http, *made.opened]:
            one.close()


# ---------------------------------------------------------------- people in a browser


class _Browser(webbrowser.BaseBrowser):
    """Opens a page in a thread of its own, as a browser does."""

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        """Follows the way back."""

        def follow() -> None:
            http = httplib2.Http(timeout=10)
            http.request(url)
            http.close()

        threading.Thread(target=follow).start()
        return True


def test_an_app_on_this_machine_is_come_back_to_on_any_port(office: Office) -> None:
    client = office.sign_in.client()
    webbrowser.register("agenda-test", None, _Browser())
    flow = InstalledAppFlow.from_client_config(office.sign_in.config(client, office.google.url), [CONTACTS])
    found = flow.run_local_server(
        host="127.0.0.1", port=0, browser="agenda-test", authorization_prompt_message="", access_type="offline"
    )
    flow.oauth2session.close()
    assert (bool(found.token), bool(found.refresh_token)) == (True, True)
    assert office.people(found.token).execute()["emailAddresses"][0]["value"] == ADA
    [form] = office.sign_in.asked
    assert (form["grant_type"], len(form["code_verifier"]) >= 43) == ("authorization_code", True)


def test_a_web_app_is_come_back_to_with_its_state_where_it_said(office: Office) -> None:
    client = office.web()
    found = office.signed_in(client, CONTACTS, *WHO)
    assert set(found.granted_scopes or ()) == {CONTACTS, *WHO}
    assert office.sign_in.pages[0]["code_challenge_method"] == "S256"
    elsewhere = office.flow(client, CONTACTS, redirect_uri="http://127.0.0.1:8080/other")
    assert office.open(elsewhere.authorization_url()[0]) == (400, {})
    stranger = OAuthClient("nobody", "x", "web", (BACK,))
    assert office.open(office.flow(stranger, CONTACTS).authorization_url()[0]) == (401, {})
    assert office.open(office.flow(client, "nonsense").authorization_url()[0]) == (400, {})


def test_a_desktop_app_may_not_come_back_to_another_machine(office: Office) -> None:
    flow = office.flow(office.sign_in.client(), CONTACTS, redirect_uri="http://example.com:80/")
    assert office.open(flow.authorization_url()[0]) == (400, {})


def test_pkce_wants_the_verifier_whose_digest_was_sent(office: Office) -> None:
    client = office.web()
    for verifier, words in (("x" * 43, "Invalid code verifier"), (None, "Missing code verifier")):
        flow = office.flow(client, CONTACTS)
        _, told = office.open(flow.authorization_url()[0])
        flow.code_verifier = verifier
        with pytest.raises(Exception, match=words):
            flow.fetch_token(code=told["code"])
        flow.oauth2session.close()


def test_a_code_is_good_once_and_for_some_minutes(office: Office) -> None:
    flow = office.flow(office.web(), CONTACTS)
    _, told = office.open(flow.authorization_url()[0])
    flow.fetch_token(code=told["code"])
    with pytest.raises(Exception, match="invalid_grant"):
        flow.fetch_token(code=told["code"])
    _, told = office.open(flow.authorization_url()[0])
    office.clock.turn(minutes=10)
    with pytest.raises(Exception, match="invalid_grant"):
        flow.fetch_token(code=told["code"])
    flow.oauth2session.close()


def test_a_refresh_token_comes_with_the_first_consent_only_or_when_consent_is_asked_for(office: Office) -> None:
    client = office.web()
    assert office.signed_in(client, CONTACTS, access_type="online").refresh_token is None
    assert office.signed_in(client, CONTACTS, prompt="select_account").refresh_token is None
    assert office.signed_in(client, CONTACTS).refresh_token
    assert office.signed_in(office.web(), CONTACTS, prompt="select_account").refresh_token


def test_a_person_may_say_no_or_untick_a_scope(office: Office) -> None:
    client = office.web()
    office.sign_in.switches.unticked = {TASKS}
    flow = office.flow(client, CONTACTS, TASKS)
    _, told = office.open(flow.authorization_url()[0])
    assert told["scope"] == CONTACTS
    with pytest.raises(Warning, match="Scope has changed"):  # as the library takes it
        flow.fetch_token(code=told["code"])
    flow.oauth2session.close()
    office.sign_in.switches.says = "access_denied"
    url, state = office.flow(client, CONTACTS).authorization_url()
    assert office.open(url) == (302, {"error": "access_denied", "state": state})
    office.sign_in.switches.page = "admin_policy_enforced"
    assert office.open(url) == (400, {})


def test_earlier_consents_are_included_if_asked_for(office: Office) -> None:
    client = office.web()
    office.signed_in(client, CONTACTS)
    flow = office.flow(client, TASKS)
    _, told = office.open(flow.authorization_url(include_granted_scopes="true")[0])
    assert set(told["scope"].split()) == {CONTACTS, TASKS}


def test_short_names_of_scopes_come_back_as_long_ones(office: Office) -> None:
    flow = office.flow(office.web(), "email", CONTACTS)
    _, told = office.open(flow.authorization_url()[0])
    assert told["scope"] == f"{EMAIL} {CONTACTS}"
    with pytest.raises(Warning, match="Scope has changed"):
        flow.fetch_token(code=told["code"])
    flow.oauth2session.close()


def test_the_id_token_tells_who_it_is_and_is_signed(office: Office) -> None:
    client = office.web()
    found = office.signed_in(client, *WHO, nonce="n1")
    certificates = f"{office.google.url}oauth2/v1/certs"
    claims = id_token.verify_token(found.id_token, office.request, client.id, certs_url=certificates)
    assert (claims["email"], claims["iss"], claims["hd"]) == (ADA, "https://accounts.google.com", "example.com")
    assert (claims["nonce"], claims["email_verified"]) == ("n1", True)
    headers = {"Authorization": f"Bearer {found.token}"}
    told, body = office.http.request(f"{office.google.url}v1/userinfo", headers=headers)
    assert (told.status, json.loads(body)["email"], json.loads(body)["sub"]) == (200, ADA, claims["sub"])
    alone = office.signed_in(client, CONTACTS)
    headers = {"Authorization": f"Bearer {alone.token}"}
    assert office.http.request(f"{office.google.url}v1/userinfo", headers=headers)[0].status == 401


# ---------------------------------------------------------------- refresh tokens


def test_access_tokens_end_after_an_hour_and_are_refreshed(office: Office) -> None:
    client = office.web()
    found = office.signed_in(client, CONTACTS)
    assert office.people(found.token).execute()
    office.clock.turn(hours=1)
    assert office.status(found.token) == 401
    again = office.refreshed(client, found.refresh_token)
    assert again.refresh_token == found.refresh_token  # Google gives no new one
    assert office.people(again.token).execute()


def test_in_testing_a_refresh_token_lives_for_seven_days(office: Office) -> None:
    client, lasting = office.web(testing=True), office.web()
    found, other = office.signed_in(client, CONTACTS), office.signed_in(lasting, CONTACTS)
    office.clock.turn(days=6, hours=23)
    office.refreshed(client, found.refresh_token)
    office.clock.turn(hours=1)
    assert office.refusal(lambda: office.refreshed(client, found.refresh_token)) == "invalid_grant"
    assert office.refreshed(lasting, other.refresh_token).token


def test_a_refresh_token_ends_when_it_is_not_used_for_half_a_year(office: Office) -> None:
    client = office.web()
    token = office.sign_in.refresh_token(client, ADA, CONTACTS)
    office.clock.turn(days=181)
    office.refreshed(client, token)
    office.clock.turn(days=181)
    office.refreshed(client, token)
    office.clock.turn(days=182)
    assert office.refusal(lambda: office.refreshed(client, token)) == "invalid_grant"


def test_a_hundred_and_first_refresh_token_ends_the_oldest(office: Office) -> None:
    client = office.web()
    first, second, *_ = [office.sign_in.refresh_token(client, ADA, CONTACTS) for _ in range(101)]
    assert office.refusal(lambda: office.refreshed(client, first)) == "invalid_grant"
    assert office.refreshed(client, second).token


def test_revoked_access_is_an_invalid_grant_and_a_401(office: Office) -> None:
    client = office.web()
    found = office.signed_in(client, CONTACTS)
    told, _ = office.http.request(f"{office.google.url}revoke?token={found.token}", "POST")
    assert told.status == 200
    assert office.status(found.token) == 401
    assert office.refusal(lambda: office.refreshed(client, found.refresh_token)) == "invalid_grant"
    told, body = office.http.request(f"{office.google.url}revoke?token={found.token}", "POST")
    assert (told.status, json.loads(body)["error"]) == (400, "invalid_token")


def test_a_person_can_take_back_all_that_was_allowed(office: Office) -> None:
    client = office.web()
    token = office.sign_in.refresh_token(client, ADA, CONTACTS)
    eve = office.sign_in.refresh_token(client, "eve@example.com", CONTACTS)
    office.sign_in.take_back(ADA)
    assert office.refusal(lambda: office.refreshed(client, token)) == "invalid_grant"
    assert office.refreshed(client, eve).token


def test_clients_must_prove_who_they_are(office: Office) -> None:
    client, other = office.web(), office.web()
    token = office.sign_in.refresh_token(client, ADA, CONTACTS)
    assert office.refusal(lambda: office.refreshed(client, token, client_secret="guess")) == "invalid_client"
    assert office.refusal(lambda: office.refreshed(other, token)) == "unauthorized_client"
    unknown = OAuthClient("nobody", "x")
    assert office.refusal(lambda: office.refreshed(unknown, token)) == "invalid_client"
    assert office.refusal(lambda: office.refreshed(client, token, scopes=[TASKS])) == "invalid_scope"


def test_the_place_of_tokens_can_be_out_of_order(office: Office) -> None:
    client = office.web()
    token = office.sign_in.refresh_token(client, ADA, CONTACTS)
    office.sign_in.switches.troubles += [(503, b"<html>try again</html>")]
    assert office.refreshed(client, token).token  # the library asks once more by itself
    assert len(office.sign_in.asked) == 2


# ---------------------------------------------------------------- service accounts


def test_a_service_account_acts_for_people_of_the_company_with_what_was_delegated(office: Office) -> None:
    account = office.sign_in.service_account(office.google.url)
    office.sign_in.delegate(account, CONTACTS, TASKS)
    found = office.asked_as(account, ADA, CONTACTS)
    assert office.people(found.token).execute()["emailAddresses"][0]["value"] == ADA
    assert office.google.world.grants[str(found.token)].app
    everything = office.api("tasks.v1", found.token).tasklists().list()
    assert refused(everything) == (403, "insufficientPermissions")


def test_without_delegation_it_is_an_unauthorised_client(office: Office) -> None:
    account = office.sign_in.service_account(office.google.url)
    assert office.refusal(lambda: office.asked_as(account, ADA, CONTACTS)) == "unauthorized_client"
    office.sign_in.delegate(account, CONTACTS)
    assert office.refusal(lambda: office.asked_as(account, ADA, CONTACTS, TASKS)) == "unauthorized_client"
    assert office.refusal(lambda: office.asked_as(account, "eve@elsewhere.example", CONTACTS)) == "unauthorized_client"
    office.asked_as(account, ADA, CONTACTS)
    office.sign_in.delegate(account)
    assert office.refusal(lambda: office.asked_as(account, ADA, CONTACTS)) == "unauthorized_client"


def test_nobody_of_this_name_is_an_invalid_grant(office: Office) -> None:
    account = office.sign_in.service_account(office.google.url)
    office.sign_in.delegate(account, CONTACTS)
    assert office.refusal(lambda: office.asked_as(account, "nobody@example.com", CONTACTS)) == "invalid_grant"
    office.google.directory.company.person(ADA, suspended=True)
    assert office.refusal(lambda: office.asked_as(account, ADA, CONTACTS)) == "invalid_grant"


def test_the_assertion_must_be_signed_by_the_account_and_be_fresh(office: Office) -> None:
    account = office.sign_in.service_account(office.google.url)
    office.sign_in.delegate(account, CONTACTS)
    forged = {**account, "private_key": private_pem("somebody else")}
    assert office.refusal(lambda: office.asked_as(forged, ADA, CONTACTS)) == "invalid_grant"
    unknown = {**account, "client_email": "other@agenda.iam.gserviceaccount.com"}
    assert office.refusal(lambda: office.asked_as(unknown, ADA, CONTACTS)) == "invalid_grant"
    office.sign_in.switches.clock_skew = 7200
    assert office.refusal(lambda: office.asked_as(account, ADA, CONTACTS)) == "invalid_grant"
    office.sign_in.switches.clock_skew = 0
    assert office.refusal(lambda: office.asked_as(account, ADA, "nonsense")) == "invalid_scope"


def test_a_service_account_by_itself_is_itself(office: Office) -> None:
    account = office.sign_in.service_account(office.google.url)
    found = office.asked_as(account, None, CONTACTS)
    assert office.people(found.token).execute()["emailAddresses"][0]["value"] == account["client_email"]
