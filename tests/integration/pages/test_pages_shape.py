"""Each page: for keyboard and screen reader, without a script, and in other languages."""

from __future__ import annotations

import ast
import base64
import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from tests.servers.pages import PASSWORD, Browser, Site, running_site
from web_ui.pages import app, rendering, texts
from web_ui.pages.set_up import CLIENTS

PLACES = (
    "sign_in", "wrong_sign_in", "signed_out", "devices", "add", "wrong_add", "remove", "removed", "password",
    "wrong_password", "profile", "no_profile", "missing", *CLIENTS,
)  # fmt: skip
DATA = {"AgendaHub", "Ada", "ada", "Laptop", "DAVx5"}  # not to be translated


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hub with ada."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        site.user("ada")
        yield site


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, str]:
    """Each page once, as sent."""
    return visited(site, site.browser())


def visited(site: Site, browser: Browser) -> dict[str, str]:
    """A walk through all pages."""
    found = {}

    def note(name: str) -> None:
        found[name] = browser.answer.text

    browser.open("/sign-in")
    note("sign_in")
    browser.send("/sign-in", user="ada", password="wrong")
    note("wrong_sign_in")
    browser.sign_in().open("/devices/add")
    note("add")
    browser.send("/devices/add", name="", client="mac")
    note("wrong_add")
    for client in CLIENTS:
        browser.open("/devices/add").send("/devices/add", name=f"{client} {len(site.devices('ada'))}", client=client)
        note(client)
        if client == "iphone":
            link = browser.page.xpath("//a[contains(@href, '/profile/')]/@href")[0]
    browser.open(link)
    note("profile")
    browser.open("/profile/none")
    note("no_profile")
    browser.open("/devices")
    note("devices")
    browser.open("/devices/999/remove")
    note("missing")
    browser.open(browser.open("/devices").page.xpath("//td/a/@href")[0])
    note("remove")
    browser.send("/remove")
    note("removed")
    browser.open("/password")
    note("password")
    browser.send("/password", old="wrong", new=PASSWORD, again=PASSWORD)
    note("wrong_password")
    browser.open("/devices").send("/sign-out")
    note("signed_out")
    return found


def tree(text: str) -> Any:
    """Parsed."""
    from lxml import html

    return html.document_fromstring(text)


@pytest.mark.parametrize("place", PLACES)
def test_a_page_is_for_everybody(pages: dict[str, str], place: str) -> None:
    page = tree(pages[place])
    assert page.get("lang") == "en"
    assert len(page.xpath("//h1")) == len(page.xpath("//main")) == 1
    assert page.findtext(".//title")
    levels = [int(one.tag[1]) for one in page.xpath("//h1|//h2|//h3")]
    assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    named = [word for value in page.xpath("//@aria-describedby|//label/@for") for word in value.split()]
    assert set(named) <= set(ids)
    assert page.xpath("//a[@class='skip']/@href") == ["#content"]
    assert "content" in ids
    assert len(page.xpath("//*[@autofocus]")) <= 1
    for link in page.xpath("//a|//button"):
        assert link.text_content().strip()
    assert len(page.xpath("//table")) == len(page.xpath("//table/caption"))
    assert all(one.get("scope") for one in page.xpath("//th"))


@pytest.mark.parametrize("place", PLACES)
def test_each_field_has_a_label(pages: dict[str, str], place: str) -> None:
    page = tree(pages[place])
    for field in page.xpath("//input[not(@type='hidden') and not(@hidden)]"):
        labels = page.xpath("//label[@for=$id]", id=field.get("id", "")) or field.xpath("ancestor::label")
        assert labels, field.attrib
        assert labels[0].text_content().strip()
        assert field.get("autocomplete") or field.get("type") == "radio"
    for choice in page.xpath("//input[@type='radio']"):
        assert choice.xpath("ancestor::fieldset/legend")
    for form in page.xpath("//form"):
        assert form.get("method") == "post"
        assert form.xpath("input[@type='hidden'][@name='csrf']/@value")[0]


@pytest.mark.parametrize("place", PLACES)
def test_a_page_needs_no_script_and_nothing_from_elsewhere(pages: dict[str, str], place: str) -> None:
    page = tree(pages[place])
    assert not page.xpath("//script|//iframe|//object|//link|//img|//@style|//base|//meta[@http-equiv]")
    assert not [name for one in page.iter() for name in one.attrib if name.startswith("on")]


def test_the_style_is_the_one_that_is_allowed(site: Site) -> None:
    browser = site.browser().open("/sign-in")
    [style] = browser.page.xpath("//style/text()")
    assert "[hidden]{display:none!important}" in style  # a field without a label is never seen
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in browser.answer.headers["content-security-policy"]


# ---------------------------------------------------------------- languages


@pytest.fixture
def pseudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A language "eo" in which everything is said, in brackets."""
    folder = tmp_path / "eo" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    said = {message: f"⟦{message}⟧" for message in messages()}
    (folder / "pages.mo").write_bytes(compiled({"": "Content-Type: text/plain; charset=UTF-8\n", **said}))
    monkeypatch.setattr(texts, "LOCALES", tmp_path)
    for cached in (texts.translation, texts.languages, rendering._templates):
        cached.cache_clear()
    yield
    for cached in (texts.translation, texts.languages, rendering._templates):
        cached.cache_clear()


def messages() -> set[str]:
    """All that is marked in templates and modules."""
    folder = Path(app.__file__).parent
    reader = Environment(extensions=["jinja2.ext.i18n"])
    templates = [file.read_text() for file in folder.glob("templates/*.html")]
    marked = [said[2] for text in templates for said in reader.extract_translations(text)]  # type: ignore[attr-defined]
    found = {str(one[0] if isinstance(one, tuple) else one) for one in marked}
    for file in folder.glob("*.py"):
        calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call) and node.args]
        for call in calls:
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in ("_", "say") and isinstance(call.args[0], ast.Constant):
                found.add(str(call.args[0].value))
    return found


def compiled(said: dict[str, str]) -> bytes:
    """A .mo file (GNU gettext manual, 10.3)."""
    pairs = sorted((key.encode(), value.encode()) for key, value in said.items())
    count, body, tables = len(pairs), b"", ([], [])  # type: ignore[var-annotated]
    start = 28 + 16 * count
    for column in (0, 1):
        for pair in pairs:
            tables[column].append(struct.pack("<II", len(pair[column]), start + len(body)))
            body += pair[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0)
    return head + b"".join(tables[0]) + b"".join(tables[1]) + body


@pytest.mark.usefixtures("pseudo")
def test_every_word_can_be_said_in_another_language(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        site.user("ada")
        browser = site.browser()
        browser.http.headers["Accept-Language"] = "eo-XX, en;q=0.5"
        for name, text in visited(site, browser).items():
            page = tree(text)
            assert page.get("lang") == "eo"
            for words in untranslated(page):
                assert words in DATA or words.startswith(CLIENTS), (name, words)


def untranslated(page: Any) -> Iterator[str]:
    """What stands in no brackets, and is no value to type or time."""
    title = page.findtext(".//title")
    assert title.startswith("⟦"), title
    for node in page.xpath("//body//text()[not(ancestor::code) and not(ancestor::time) and not(ancestor::style)]"):
        words = node.strip().strip(":")
        if words and not (words.startswith("⟦") and words.endswith("⟧")):
            yield words
    for label in page.xpath("//@aria-label"):
        assert label.startswith("⟦"), label


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", "en"),
        ("de, eo;q=0.8", "eo"),
        ("en-GB, eo;q=0.9", "en"),
        ("eo;q=0", "en"),
        ("EO-xx-y", "eo"),
        ("*;q=x, ;;,,", "en"),
        ("../../etc", "en"),
    ],
)
@pytest.mark.usefixtures("pseudo")
def test_the_browser_says_which_language(accepted: str, chosen: str) -> None:
    assert texts.language(accepted) == chosen
