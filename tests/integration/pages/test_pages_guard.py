"""Every page by every way in that is not the right one. A page without a row fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.pages import PASSWORD, Browser, Site, running_site
from web_ui.pages.app import PAGES


@dataclass(frozen=True)
class Row:
    """What a page does to whom it does not let in."""

    form: dict[str, str] | None = None  # a right one
    open: bool = False
    foreign: bool = False  # names a device


ROWS = {
    ("GET", "/sign-in"): Row(open=True),
    ("POST", "/sign-in"): Row({"user": "eve", "password": PASSWORD}, open=True),
    ("POST", "/sign-out"): Row({}),
    ("POST", "/sign-out/everywhere"): Row({}),
    ("GET", "/password"): Row(),
    ("POST", "/password"): Row({"old": PASSWORD, "new": "other long words", "again": "other long words"}),
    ("GET", "/devices"): Row(),
    ("GET", "/devices/add"): Row(),
    ("POST", "/devices/add"): Row({"name": "Another", "client": "other"}),
    ("GET", "/devices/{number:row}/remove"): Row(foreign=True),
    ("POST", "/devices/{number:row}/remove"): Row({}, foreign=True),
    ("GET", "/profile/{token:str}"): Row(open=True),
    ("GET", "/profile/{token:str}/AgendaHub.mobileconfig"): Row(open=True),
}
FORMS = [path for (method, path), row in ROWS.items() if method == "POST" and not row.open]
ELSEWHERE = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Origin": "https://evil.example", "Sec_Fetch_Site": ""},
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hub with ada and eve, who has a device."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        site.user("ada")
        site.user("eve")
        yield site


@pytest.fixture(scope="module")
def eve(site: Site) -> Browser:
    """She is signed in, with a device."""
    browser = site.browser().sign_in("eve").open("/devices/add")
    return browser.send("/devices/add", name="Phone", client="thunderbird").open("/devices")


@pytest.fixture(scope="module")
def ada(site: Site) -> Browser:
    """She is signed in too."""
    return site.browser().sign_in("ada")


def token_of(browser: Browser) -> str:
    """Of the forms she is shown."""
    return str(browser.open("/devices").page.forms[0].fields["csrf"])


def where(site: Site, path: str) -> str:
    """With eve's device, and a token that nobody has."""
    [device] = [device for device in site.devices("eve") if device.name == "Phone"]
    return path.replace("{number:row}", str(device.id)).replace("{token:str}", "not-a-token")


def unchanged(site: Site, eve: Browser) -> bool:
    """Nothing was done to eve."""
    devices = {(device.name, device.revoked_at) for device in site.devices("eve")}
    return devices == {("Phone", None)} and eve.open("/password").path == "/password"


def test_every_page_has_a_row() -> None:
    assert {(page.method, page.path) for page in PAGES} == set(ROWS)
    assert {(page.method, page.path) for page in PAGES if page.open} == {key for key, row in ROWS.items() if row.open}


@pytest.mark.parametrize(("method", "path"), [key for key, row in ROWS.items() if not row.open])
def test_who_is_not_signed_in_is_asked_to(site: Site, eve: Browser, method: str, path: str) -> None:
    stranger = site.browser()
    for cookie in ("", "made-up"):
        if cookie:
            stranger.plant("agendahub", cookie)
        form = {"csrf": token_of(eve), **(ROWS[method, path].form or {})}
        stranger.open(where(site, path)) if method == "GET" else stranger.post(where(site, path), form)
        assert [one.status_code for one in stranger.answer.history] == [303]
        assert stranger.path == "/sign-in"
    assert unchanged(site, eve)


@pytest.mark.parametrize("path", FORMS)
def test_a_form_needs_its_token(site: Site, eve: Browser, ada: Browser, path: str) -> None:
    for token in ("", "made-up", token_of(ada), token_of(eve)[:-1]):
        eve.post(where(site, path), {"csrf": token, **(ROWS["POST", path].form or {})})
        assert eve.answer.status_code == 403, token
    assert unchanged(site, eve)


@pytest.mark.parametrize("path", [*FORMS, "/sign-in"])
@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_form_comes_from_our_own_page(site: Site, eve: Browser, path: str, headers: dict[str, str]) -> None:
    form = {"csrf": token_of(eve), **(ROWS["POST", path].form or {})}
    eve.post(where(site, path), form, **headers)
    assert eve.answer.status_code == 403
    assert "from another page" in eve.text
    assert unchanged(site, eve)


def test_a_browser_that_tells_nothing_of_itself_needs_the_token(site: Site, ada: Browser) -> None:
    told = {"Origin": "", "Sec_Fetch_Site": ""}
    ada.post("/devices/add", {"csrf": token_of(ada), "name": "Old", "client": "other"}, **told)
    assert ada.answer.status_code == 200
    ada.post("/devices/add", {"name": "Older", "client": "other"}, **told)
    assert ada.answer.status_code == 403


@pytest.mark.parametrize(("method", "path"), [key for key, row in ROWS.items() if row.foreign])
def test_the_device_of_somebody_else_is_not_there(
    site: Site, eve: Browser, ada: Browser, method: str, path: str
) -> None:
    seen = []
    for address in (where(site, path), path.replace("{number:row}", "999999999"), path.replace("{number:row}", "0")):
        form = {"csrf": token_of(ada)}
        ada.open(address) if method == "GET" else ada.post(address, form)
        seen.append((ada.answer.status_code, ada.text))
    assert {status for status, _text in seen} == {404}
    assert len({text for _status, text in seen}) == 1
    assert unchanged(site, eve)


@pytest.mark.parametrize("number", ["1.5", "-1", "x", "9" * 30, "9" * 5000, "%00", "1'--"])
def test_an_odd_number_is_not_there(ada: Browser, number: str) -> None:
    assert ada.open(f"/devices/{number}/remove").answer.status_code == 404


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=" + b"x" * 20_000, 413),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"&".join([b"a=1"] * 60), 422),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"csrf=%ff%fe\xff", 403),
    ],
)
def test_an_odd_body_is_a_plain_answer(ada: Browser, headers: dict[str, str], body: bytes, status: int) -> None:
    ada.answer = ada.http.post(f"{ada.base}/devices/add", body, headers=headers, timeout=30)
    assert ada.answer.status_code == status
    assert "That did not work" in ada.text


def test_what_a_person_types_is_never_markup(ada: Browser) -> None:
    nasty = "<script>alert(1)</script>\"'&"
    ada.open("/devices/add").send("/devices/add", name=nasty, client="android")
    assert nasty in ada.text
    assert not ada.page.xpath("//script")
    ada.open("/devices")
    assert nasty in ada.text
    assert not ada.page.xpath("//script")


@pytest.mark.parametrize("path", ["/sign-in", "/devices", "/profile/none", "/profile/none/AgendaHub.mobileconfig"])
def test_every_answer_is_guarded(ada: Browser, path: str) -> None:
    ada.open(path)
    headers = ada.answer.headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_the_store_is_away(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        browser = site.browser().open("/sign-in")
        browser.plant("agendahub", "somebody")
        site.database.dispose()
        for file in tmp_path.glob("hub.db*"):
            file.unlink()
        (tmp_path / "hub.db").mkdir()
        browser.open("/devices")
        assert browser.answer.status_code == 503
        assert "store is away" in browser.text


@pytest.mark.parametrize("host", ["[", "[::1", "evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example"])
def test_another_name_than_this_machine_s_needs_https(site: Site, host: str) -> None:
    """A page elsewhere that had its name lead here (DNS rebinding), and what is no name at all."""
    stranger = site.browser().open("/sign-in", Host=host)
    assert stranger.answer.status_code == 403
    assert not stranger.cookies
