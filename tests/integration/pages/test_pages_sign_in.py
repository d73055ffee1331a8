"""Signing in to the web pages, over HTTP and HTTPS, as a browser does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from agendahub import web_pages
from agendahub.web_pages import SignInLimits
from agendahub.workspace import utc_now
from dav_gateway.auth import PER_ACCOUNT
from storage import admin_people, web_passwords, web_sessions
from storage.tables import web_sessions as sessions
from tests.servers.certificates import certificates
from tests.servers.pages import PASSWORD, Browser, Site, running_site

SORRY = "This user name and this password do not go together"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A hub with ada."""
    with running_site(tmp_path) as site:
        site.user("ada")
        yield site


def is_in(browser: Browser) -> bool:
    """Whether somebody is signed in."""
    return browser.open("/devices").path == "/devices"


def age(site: Site, **columns: timedelta) -> None:
    """As if time had passed."""
    moved = {name: utc_now() - by for name, by in columns.items()}
    with site.database.begin() as unit:
        unit.session.connection.execute(update(sessions).values(moved))


def test_a_person_signs_in_and_out(site: Site) -> None:
    browser = site.browser().open("/devices")
    assert browser.path == "/sign-in"
    browser.send("/sign-in", user=" Ada ", password=PASSWORD)
    assert browser.path == "/devices"
    assert "Sign out Ada" in browser.text
    kept = browser.cookies["agendahub"]
    assert browser.open("/sign-in").path == "/devices"
    assert "You are signed out." in browser.send("/sign-out").text
    browser.plant("agendahub", kept)
    assert not is_in(browser)  # the session is over on our side, not only forgotten by the browser


def test_what_is_stored_is_no_key(site: Site, tmp_path: Path) -> None:
    browser = site.browser().sign_in()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("hub.db*"))
    assert browser.cookies["agendahub"].encode() not in stored
    assert PASSWORD.encode() not in stored
    assert b"$argon2id$" in stored


def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    pair, ca = certificates(tmp_path)
    with running_site(tmp_path, f'tls_cert = "{pair}"\ntls_key = "{pair}"', ca=ca) as site:
        site.user("ada")
        browser = site.browser().sign_in()
        assert browser.path == "/devices"
        headers = browser.answer.history[0].raw.headers.getlist("set-cookie")
        given = next(one for one in headers if "agendahub=" in one)
        name, _value = given.split(";")[0].split("=")
        assert name == "__Host-agendahub"
        assert {part.strip() for part in given.split(";")[1:]} == {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "hub.example.org"},  # somebody's name that leads to this machine
        {"X-Forwarded-Proto": "https"},  # a proxy that nobody listed
        {"X-Forwarded-For": "203.0.113.5"},
        {"Forwarded": "for=203.0.113.5;proto=https"},
    ],
)
def test_without_tls_nobody_signs_in_but_on_this_machine(site: Site, headers: dict[str, str]) -> None:
    browser = site.browser().open("/sign-in", **headers)
    assert browser.answer.status_code == 403
    assert "only over https" in browser.text
    assert "set-cookie" not in browser.answer.headers


def test_a_listed_proxy_is_believed(tmp_path: Path) -> None:
    with running_site(tmp_path, 'base_url = "https://hub.example.org/hub"', proxies="127.0.0.1") as site:
        told = {"Host": "hub.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.5"}
        browser = site.browser().open("/hub/sign-in", **told)
        assert browser.answer.status_code == 200
        assert "; Secure" in browser.answer.headers["set-cookie"]
        assert [form.action for form in browser.page.forms] == ["/hub/sign-in"]


def test_who_types_the_bare_address_is_asked_to_sign_in(tmp_path: Path) -> None:
    with running_site(tmp_path, 'base_url = "https://hub.example.org/hub"', proxies="127.0.0.1") as site:
        told = {"Host": "hub.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.5"}
        browser = site.browser().open("/", **told)
        assert [one.headers["location"] for one in browser.answer.history] == ["/hub/sign-in"]
        assert "No bindings yet" in site.browser().open("/").text  # on this machine: the status


def test_each_sign_in_begins_a_new_session(site: Site) -> None:
    browser = site.browser()
    browser.plant("agendahub", "planted")
    browser.sign_in()
    first = browser.cookies["agendahub"]
    assert first != "planted"
    other = site.browser()
    other.open("/sign-in")
    form = other.page.forms[0].fields["csrf"]
    other.plant("agendahub", first)  # whoever signs in while a session is there leaves it
    other.post("/sign-in", {"csrf": form, "user": "ada", "password": PASSWORD})
    assert len({first, other.cookies["agendahub"]}) == 2
    assert not is_in(browser)


def test_nobody_learns_who_there_is(site: Site) -> None:
    with site.database.begin() as unit:  # as dear as real ones are
        web_sessions.set_password(unit.session.connection, "ada", web_passwords.hash_of(PASSWORD))
    site.user("bob", password="")
    site.user("eve")
    with site.database.begin() as unit:
        web_sessions.set_password(unit.session.connection, "eve", web_passwords.hash_of(PASSWORD))
        admin_people.set_blocked(unit.session.connection, "eve", blocked=True)
    answers, took = {}, {}
    for user, password in (("ada", "wrong password"), ("nobody", PASSWORD), ("bob", ""), ("eve", PASSWORD)):
        browser = site.browser().open("/sign-in")
        before = time.process_time()
        browser.send("/sign-in", user=user, password=password)
        took[user] = time.process_time() - before
        assert SORRY in browser.text
        assert "agendahub" not in browser.cookies
        answers[user] = browser.answer.status_code, browser.text
    assert len(set(answers.values())) == 1
    assert min(took.values()) > 0.5 * took["ada"]  # argon2 is done for each of them


def test_a_session_that_is_not_used_ends(site: Site) -> None:
    browser = site.browser().sign_in()
    age(site, used_at=web_sessions.IDLE - timedelta(minutes=1))
    assert is_in(browser)  # and that is written
    age(site, created_at=timedelta(0))
    assert is_in(browser)
    age(site, used_at=web_sessions.IDLE + timedelta(minutes=1))
    assert not is_in(browser)


def test_a_session_ends_for_good_after_days(site: Site) -> None:
    browser = site.browser().sign_in()
    age(site, expires_at=timedelta(seconds=1))
    assert not is_in(browser)
    browser.sign_in()
    with site.database.read() as unit:
        assert len(unit.session.connection.execute(select(sessions)).all()) == 1  # the old one is forgotten


def test_the_use_of_a_session_is_written(site: Site) -> None:
    browser = site.browser().sign_in()
    age(site, used_at=web_sessions.TOUCH_AFTER * 2)
    assert is_in(browser)
    with site.database.read() as unit:
        [row] = unit.session.connection.execute(select(sessions)).all()
    assert utc_now() - row.used_at < web_sessions.TOUCH_AFTER


def test_who_is_blocked_is_out_at_once(site: Site) -> None:
    browser = site.browser().sign_in()
    with site.database.begin() as unit:
        admin_people.set_blocked(unit.session.connection, "ada", blocked=True)
    assert not is_in(browser)
    with site.database.begin() as unit:
        admin_people.set_blocked(unit.session.connection, "ada", blocked=False)
    assert not is_in(browser)  # he signs in anew


def test_sign_out_everywhere(site: Site) -> None:
    site.user("bob")
    one, two, bobs = site.browser().sign_in(), site.browser().sign_in(), site.browser().sign_in("bob")
    one.send("/sign-out/everywhere")
    assert [is_in(one), is_in(two), is_in(bobs)] == [False, False, True]


def test_a_new_password_puts_all_other_browsers_out(site: Site) -> None:
    one, two = site.browser().sign_in(), site.browser().sign_in()
    before = one.cookies["agendahub"]
    one.open("/password").send("/password", old=PASSWORD, new="other long words", again="other long words")
    assert "All other browsers were signed out" in one.text
    assert one.cookies["agendahub"] != before
    assert [is_in(one), is_in(two)] == [True, False]
    assert SORRY in two.sign_in().text
    assert is_in(two.sign_in(password="other long words"))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"old": "not the old one", "new": "x" * 12, "again": "x" * 12}, "not your present password"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 12 characters"),
        ({"old": PASSWORD, "new": "x" * 40, "again": "x" * 40}, "too simple"),
        ({"old": PASSWORD, "new": "long enough words", "again": "long enough word"}, "differently"),
    ],
)
def test_a_password_that_will_not_do(site: Site, values: dict[str, str], told: str) -> None:
    browser = site.browser().sign_in().open("/password").send("/password", **values)
    assert browser.answer.status_code == 422
    assert told in browser.text
    [wrong] = browser.page.xpath("//input[@aria-invalid='true']")
    assert told in browser.page.get_element_by_id(wrong.get("aria-describedby").split()[-1]).text_content()


def test_guessing_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_pages, "PER_ADDRESS", 3)
    with running_site(tmp_path) as site:
        site.user("ada")
        _guess(site)


def _guess(site: Site) -> None:
    known = site.browser().sign_in()
    guesser = site.browser().open("/sign-in")
    for _number in range(3):
        assert guesser.send("/sign-in", user="ada", password="wrong").answer.status_code == 403
    guesser.send("/sign-in", user="ada", password=PASSWORD)
    assert guesser.answer.status_code == 429
    assert guesser.answer.headers["retry-after"] == "600"
    assert is_in(known)  # who is in stays in


def test_nobody_can_lock_an_owner_out_from_elsewhere() -> None:
    limits, now = SignInLimits(), utc_now()
    for number in range(PER_ACCOUNT):
        limits.wrong("ada", f"203.0.113.{number}", now)
    assert limits.too_many("Ada", "203.0.113.7", now)
    assert not limits.too_many("ada", "198.51.100.1", now)
    assert not limits.too_many("bob", "203.0.113.7", now)


def test_sign_in_needs_the_cookie_of_its_form(site: Site) -> None:
    """Nobody can sign a browser in as somebody else (login CSRF)."""
    mine = site.browser().open("/sign-in")
    token = mine.page.forms[0].fields["csrf"]
    for cookie in ("", "other"):
        victim = site.browser()
        if cookie:
            victim.plant("agendahub-form", cookie)
        victim.post("/sign-in", {"csrf": token, "user": "ada", "password": PASSWORD})
        assert victim.answer.status_code == 403
        assert "agendahub" not in victim.cookies


def test_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    with running_site(tmp_path, url=postgres_url) as site:
        site.user("ada")
        browser = site.browser().sign_in()
        browser.open("/devices/add").send("/devices/add", name="iPhone", client="iphone")
        assert "Set up iPhone" in browser.text
        age(site, used_at=web_sessions.TOUCH_AFTER * 2)
        browser.open("/devices").open("/devices/1/remove").send("/remove")
        assert "The device is removed" in browser.text
        assert [device.revoked_at is None for device in site.devices("ada")] == [False]
        browser.send("/sign-out/everywhere")
        assert not is_in(browser)
