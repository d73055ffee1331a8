"""A mail as a page: nothing outside is asked for, nothing runs, nothing is lost."""

from __future__ import annotations

import lxml.html
import pytest

from crm.mail.display import Page, page, policy
from crm.mail.quoting import split_quote
from crm.mail.reading import read_mail
from tests.unit.crm.test_mail_reading import sample


def shown(markup: str, *, images: bool = False) -> Page:
    raw = f"Content-Type: text/html; charset=utf-8\n\n{markup}".encode()
    return page(read_mail(raw), raw=raw, images=images)


REMOTE = [
    '<img src="http://t.example/p.gif">',
    "<img src=//t.example/p.gif>",
    "<img srcset='http://t.example/p.gif 2x'>",
    "<img src=' https://t.example/p.gif'>",
    "<img src='\thttps://t.example/p.gif'>",
    "<img src='HTTPS://t.example/p.gif'>",
    "<p style='background: url(http://t.example/p.gif)'>x",
    "<p style='background-color: url(http://t.example/p.gif)'>x",
    "<p style='color: red; list-style: url(http://t.example/x)'>x",
    "<font color='url(http://t.example/x)'>x",
    "<table background='http://t.example/x'><tr><td background='http://t.example/x'>x</table>",
    "<body background='http://t.example/x'>x",
    "<style>@import url(http://t.example/x); p {background: url(http://t.example/x)}</style>x",
    "<link rel=stylesheet href='http://t.example/x'>",
    "<video poster='http://t.example/x' src='http://t.example/y'><source src='http://t.example/z'></video>",
    "<audio src='http://t.example/x'></audio>",
    "<svg><image href='http://t.example/x'/></svg>",
    "<svg><style><img src=http://t.example/x></style></svg>",
    "<math><mtext><table><mglyph><style><img src=http://t.example/x>",
    "<iframe src='http://t.example/x'></iframe>",
    "<object data='http://t.example/x'></object><embed src='http://t.example/x'>",
    "<input type=image src='http://t.example/x'>",
    "<base href='http://t.example/'><img src='x.gif'>",
    "<meta http-equiv=refresh content='0;url=http://t.example/'>",
    "<noscript><p title='</noscript><img src=http://t.example/x>'>",
    "<!--[if mso]><img src='http://t.example/x'><![endif]-->",
    "<img src=x:x><img src='cid:unknown'><img src='/x'><img src='file:///x'>",
]


@pytest.mark.parametrize("markup", REMOTE)
def test_q10_nothing_outside_is_asked_for(markup: str) -> None:
    assert "t.example" not in shown(markup).html
    assert "src=" not in shown(markup).html


def test_q10_remote_pictures_come_when_asked_for_and_only_encrypted() -> None:
    markup = "<img src='https://t.example/a.gif'><img src='http://t.example/b.gif'>"
    assert shown(markup).remote_images == 2
    asked = shown(markup, images=True)
    assert 'src="https://t.example/a.gif"' in asked.html
    assert "b.gif" not in asked.html


def test_q10_the_policy_forbids_what_the_cleaner_could_have_missed() -> None:
    closed, opened = policy(False), policy(True)
    for rule in ("default-src 'none'", "form-action 'none'", "base-uri 'none'", "sandbox "):
        assert rule in closed
        assert rule in opened
    assert "img-src data:;" in closed
    assert "img-src data: https:;" in opened
    assert "allow-scripts" not in opened
    assert "allow-same-origin" not in opened
    assert shown("x").policy == closed


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<p onclick='alert(1)'>x",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\nscript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
        "<form action='https://x.example'><button formaction='javascript:alert(1)'>x</button></form>",
        "<p style='width: expression(alert(1))'>x",
        "<svg onload=alert(1)>",
        "<template><script>alert(1)</script></template>",
    ],
)
def test_q10_nothing_runs(markup: str) -> None:
    found = shown(markup).html.lower()
    for word in ("alert", "script:", "onload", "<form", "<svg", "<script"):
        assert word not in found, word


def test_q10_nothing_is_put_over_the_rest() -> None:
    found = shown("<div style='position:fixed; z-index:9; display:none; opacity:0; color:red'>x</div>").html
    assert '<div style="color:red">x</div>' in found


def test_links_open_elsewhere_and_tell_nothing() -> None:
    found = shown("<a href='https://x.example/?a=1&b=2' target='_top'>x</a>").html
    assert 'target="_blank"' in found
    assert 'rel="noopener noreferrer nofollow"' in found
    assert "_top" not in found


def test_pictures_of_the_mail_itself_are_shown() -> None:
    raw = sample("person")
    found = page(read_mail(raw), raw=raw)
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in found.html
    assert found.remote_images == 1
    assert "data:image" not in page(read_mail(raw)).html


def test_q10_quoted_html_is_folded_and_not_dropped() -> None:
    found = shown("<p>new</p><blockquote>old<blockquote>older</blockquote></blockquote><p>after</p>").html
    folded = (
        "<details><summary>Quoted text</summary><blockquote>old<blockquote>older</blockquote></blockquote></details>"
    )
    assert f"<p>new</p>{folded}<p>after</p>" in found


def test_q10_a_quote_that_outlook_does_not_mark_is_folded() -> None:
    found = shown("<p>new</p><p>-----Original Message-----</p><p>From: a@x.example</p><p>old</p>").html
    assert found.index("new") < found.index("<details>") < found.index("old")


@pytest.mark.parametrize("value", ["<blockquote>", "</blockquote>", "--><img src=http://t.example/x>", "</p><svg>"])
def test_what_stands_in_an_attribute_is_no_element(value: str) -> None:
    outlook = "<p>-----Original Message-----</p><p>From: a@x.example</p>"
    for around in ("{}", "<blockquote>{}</blockquote>", "<p>new</p>" + outlook + "{}"):
        inner = f'<p title="{value}">words</p>'
        found = lxml.html.document_fromstring(shown(around.format(inner)).html)
        assert not found.xpath("//img[@src] | //svg | //script")
        assert str(found.xpath("string()")).count("words") == 1


def test_a_second_reader_is_cleaned_after(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [(True, "<p>new</p><script>alert(1)</script>"), (False, "<img src=http://t.example/x>")]
    monkeypatch.setattr("crm.mail.quoting.quotequail.quote_html", lambda _text: made)
    assert "alert" not in shown("<p>x</p>").html
    assert "t.example" not in shown("<p>x</p>").html


@pytest.mark.parametrize(
    ("text", "own", "quote"),
    [
        ("new\n\nOn Mon, Ada wrote:\n> old", "new\n\nOn Mon, Ada wrote:", "> old"),
        ("new\n> a\n> b\n> c\n", "new", "> a\n> b\n> c\n"),
        ("> a\n> b\nanswer below", "> a\n> b\nanswer below", ""),
        ("only words", "only words", ""),
    ],
)
def test_q10_quoted_text_is_folded_and_not_dropped(text: str, own: str, quote: str) -> None:
    assert split_quote(text) == (own, quote)


def test_plain_text_is_escaped() -> None:
    raw = b"Content-Type: text/plain\n\n<b>&</b>\n> <i>\n> x\n> y"
    found = page(read_mail(raw), quoted='"old" <text>').html
    assert "<pre>&lt;b&gt;&amp;&lt;/b&gt;</pre>" in found
    assert "<summary>&quot;old&quot; &lt;text&gt;</summary><pre>&gt; &lt;i&gt;" in found


@pytest.mark.parametrize("markup", ["<div>" * 5000, "&" * 200_000, "<b>x" * 40_000, "x" * 700_000], ids=len)
def test_what_would_take_too_long_is_shown_as_text(markup: str) -> None:
    found = shown(f"{markup} words")
    assert "words</pre>" in found.html
