"""Your devices: added in a browser, set up on a phone, removed again."""

from __future__ import annotations

import plistlib
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import segno
from cryptography.hazmat.primitives.serialization import pkcs7

from agendahub.workspace import utc_now
from storage.own_devices import AT_MOST
from tests.servers.certificates import certificates
from tests.servers.pages import Browser, Site, running_site
from web_ui.pages.one_time import LASTS, OneTime
from web_ui.pages.set_up import CLIENTS, Access


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hub with ada."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        site.user("ada")
        yield site


@pytest.fixture(scope="module")
def ada(site: Site) -> Browser:
    """She is signed in."""
    return site.browser().sign_in()


def added(browser: Browser, name: str, client: str) -> Browser:
    """A new device; the browser is at its steps."""
    return browser.open("/devices/add").send("/devices/add", name=name, client=client)


def typed(browser: Browser) -> dict[str, str]:
    """What the page says to type."""
    labels = [one.text_content() for one in browser.page.iter("dt")]
    return dict(zip(labels, [one.text_content() for one in browser.page.iter("dd")], strict=True))


def link_to(browser: Browser, part: str) -> str:
    """The address behind a link of the page."""
    return next(str(one.get("href")) for one in browser.page.iter("a") if part in one.get("href"))


def gets_in(site: Site, user: str, password: str) -> bool:
    """Whether a phone that typed this reads its principal at the gateway."""
    where = f"{site.url}/dav/principals/{user}/"
    with requests.request("PROPFIND", where, auth=(user, password), timeout=30, headers={"Depth": "0"}) as answer:
        assert answer.status_code in {207, 401}
        return answer.status_code == 207


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_shown_lets_a_device_in(site: Site, ada: Browser, client: str) -> None:
    added(ada, f"My {client}", client)
    assert ada.page.xpath("//ol/li")
    values = typed(ada)
    assert values["Password"].count("-") == 6
    assert site.url.partition("://")[2] in values.get("Server", "") + "".join(values.values())
    assert gets_in(site, "ada", values["Password"])
    ada.open("/devices")
    assert f"My {client}" in ada.text
    assert values["Password"] not in ada.answer.text  # shown once


def test_last_use_is_shown_and_removing_ends_it(site: Site, ada: Browser) -> None:
    password = typed(added(ada, "Old phone", "other"))["Password"]
    row = "//tr[th='Old phone']"
    assert "never" in ada.open("/devices").page.xpath(row)[0].text_content()
    assert gets_in(site, "ada", password)
    [used] = ada.open("/devices").page.xpath(f"{row}/td[2]/time/@datetime")
    assert used.startswith(utc_now().strftime("%Y-%m-%d"))
    ada.open(ada.page.xpath(f"{row}//a/@href")[0])
    assert "cannot be taken back" in ada.text
    assert gets_in(site, "ada", password)  # nothing was done yet
    again = ada.path
    ada.send("/remove")
    assert ada.path == "/devices?told=removed"
    assert not ada.page.xpath(row)
    assert not gets_in(site, "ada", password)
    assert ada.open(again).answer.status_code == 404


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "x" * 101])
def test_a_name_that_will_not_do(ada: Browser, name: str) -> None:
    added(ada, name, "mac")
    assert ada.answer.status_code == 422
    assert "1 to 100 characters" in ada.text
    [chosen] = ada.page.xpath("//input[@type='radio'][@checked]/@value")
    assert chosen == "mac"  # what was filled in is still there


def test_two_devices_of_one_name(site: Site, ada: Browser) -> None:
    added(ada, "Twice", "other")
    added(ada, "Twice", "other")
    assert ada.answer.status_code == 422
    assert "of this name already" in ada.text
    assert [device.name for device in site.devices("ada")].count("Twice") == 1


def test_a_kind_that_there_is_not(ada: Browser) -> None:
    form = {"csrf": ada.open("/devices/add").page.forms[0].fields["csrf"], "name": "TV", "client": "toaster"}
    assert "Choose what kind" in ada.post("/devices/add", form).text


def test_there_is_an_end_to_devices(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        site.user("ada")
        browser = site.browser().sign_in()
        token = browser.page.forms[0].fields["csrf"]
        for number in range(AT_MOST + 1):
            browser.post("/devices/add", {"csrf": token, "name": f"No. {number}", "client": "other"})
        assert browser.answer.status_code == 422
        assert len(site.devices("ada")) == AT_MOST


# ---------------------------------------------------------------- the profile for Apple's devices


def test_the_profile_comes_once_to_whoever_has_the_link(site: Site, ada: Browser) -> None:
    added(ada, "iPad", "iphone")
    password, link = typed(ada)["Password"], link_to(ada, "/profile/")
    phone = site.browser()  # it is signed in nowhere
    for _look in range(2):
        assert "Load the profile" in phone.open(link).text  # to look at it does not use it up
    where = link_to(phone, ".mobileconfig")
    with requests.head(site.url + where, timeout=30) as head:
        assert head.status_code == 405
    phone.open(where)
    assert phone.answer.headers["content-type"] == "application/x-apple-aspen-config"
    payloads = plistlib.loads(phone.answer.content)["PayloadContent"]
    assert {one["PayloadType"] for one in payloads} == {"com.apple.caldav.account", "com.apple.carddav.account"}
    assert {one.get("CalDAVPassword", one.get("CardDAVPassword")) for one in payloads} == {password}
    assert gets_in(site, "ada", password)
    for address in (link, where):
        assert phone.open(address).answer.status_code == 404
        assert "used already" in phone.text
        assert password not in phone.answer.text


def test_the_profile_is_signed_with_the_certificate(tmp_path: Path) -> None:
    pair, ca = certificates(tmp_path)
    with running_site(tmp_path, f'tls_cert = "{pair}"\ntls_key = "{pair}"', ca=ca) as site:
        site.user("ada")
        browser = added(site.browser().sign_in(), "iPhone", "iphone")
        password = typed(browser)["Password"]
        browser.open(link_to(browser, "/profile/")).open(link_to(browser, ".mobileconfig"))
        content = browser.answer.content
    [signer] = [one for one in pkcs7.load_der_pkcs7_certificates(content) if "127.0.0.1" in _names(one)]
    assert signer
    (tmp_path / "profile").write_bytes(content)
    verified = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", "profile", "-CAfile", str(ca), "-purpose", "any"],
        cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    assert plistlib.loads(verified.stdout)["PayloadContent"][0]["CalDAVPassword"] == password


def _names(certificate: Any) -> str:
    from cryptography import x509

    return str(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def test_a_one_time_document_is_sealed_and_over_in_time() -> None:
    kept, now = OneTime(), utc_now()
    token = kept.put(b"a secret document", now)
    assert b"a secret document" not in repr(kept._kept).encode()
    assert token not in repr(kept._kept)
    assert kept.take(token + "x", now) is None
    assert kept.take(token, now + LASTS) is None  # and gone with it
    assert kept.take(token, now) is None
    token = kept.put(b"another", now)
    assert kept.is_there(token, now + LASTS - timedelta(seconds=1))
    assert not kept.is_there(token, now + LASTS)
    assert kept.take(token, now) == b"another"
    assert kept.take(token, now) is None


def test_only_so_many_documents_wait() -> None:
    kept, now = OneTime(), utc_now()
    tokens = [kept.put(b"x", now) for _number in range(300)]
    assert [kept.is_there(token, now) for token in tokens].count(True) == 200


# ---------------------------------------------------------------- links and codes


@pytest.mark.parametrize(
    ("address", "user", "link"),
    [
        ("https://hub.example.org/", "ada", "davx5://ada:pass-word@hub.example.org/"),
        ("https://hub.example.org:8443/hub/", "ada@x.org", "davx5://ada%40x.org:pass-word@hub.example.org:8443/hub/"),
        ("http://10.0.0.5:8008/", "ädä", "caldav://%C3%A4d%C3%A4:pass-word@10.0.0.5:8008/"),
    ],
)
def test_the_link_that_davx5_opens(address: str, user: str, link: str) -> None:
    assert Access(address, user, "pass-word").davx5 == link


def test_the_code_is_that_of_the_link(ada: Browser) -> None:
    added(ada, "Pixel", "android")
    link = link_to(ada, "caldav://")
    [drawn] = ada.page.xpath("//svg/g/path[@stroke]/@d")
    assert drawn in segno.make(link, micro=False).svg_inline(scale=5, border=4)
    assert ada.page.xpath("//svg[@role='img']/title")[0].text_content()


def test_behind_a_proxy_what_is_typed_is_the_public_address(tmp_path: Path) -> None:
    with running_site(tmp_path, 'base_url = "https://hub.example.org/hub"') as site:
        site.user("ada")
        browser = site.browser().sign_in()
        values = typed(added(browser, "Laptop", "thunderbird"))
        assert values["Location"] == "https://hub.example.org/hub/"
        added(browser, "iPhone", "iphone")
        assert typed(browser)["Server"] == "https://hub.example.org/hub/dav/principals/ada/"
        assert link_to(browser, "/profile/").startswith("https://hub.example.org/hub/profile/")
