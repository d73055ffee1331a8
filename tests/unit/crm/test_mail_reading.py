"""What stands in a mail: our own samples, each of them with what real programs write."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm.errors import NotThere
from crm.mail.model import Mail, Party
from crm.mail.parts import content
from crm.mail.reading import read_mail, unguarded

SAMPLES = Path(__file__).parents[2] / "samples" / "mails"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes()


def read(name: str, **more: frozenset[str]) -> Mail:
    return read_mail(sample(name), **more)


def test_the_headers_of_a_persons_mail() -> None:
    mail = read("person")
    assert mail.message_id == "abc.1@customer.example"
    assert mail.sender == Party("mario.rossi@customer.example", "Mario Ròssi")
    assert mail.verified
    assert mail.to == (Party("help@company.example", "Helpdesk"), Party("anna@company.example", "Bianchi, Anna"))
    assert (mail.cc, mail.reply_to) == ((), (Party("orders@customer.example"),))
    assert mail.subject == "Ordine n° 7: perché manca"
    assert mail.in_reply_to == ("our.2@company.example",)
    assert mail.references == ("our.1@company.example", "our.0@company.example")
    assert mail.sent_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert mail.return_path == "mario.rossi@customer.example"
    assert (mail.automatic, mail.report, mail.problems, mail.size) == ("", None, (), len(sample("person")))


def test_the_text_the_html_and_the_files_of_a_persons_mail() -> None:
    mail = read("person")
    assert mail.text == "Buongiorno, il totale è 100 €.\n> vecchio testo"
    assert mail.html.startswith("<p>Buongiorno, il totale è <b>100 €</b>.")
    logo, invoice = mail.attachments
    assert (logo.name, logo.media_type, logo.content_id, logo.inline) == ("attachment.png", "image/png", "logo@x", True)
    assert (invoice.name, invoice.size, invoice.inline) == ("fattura €.pdf", 9, False)
    assert content(sample("person"), invoice.number) == b"%PDF-1.4\n"
    with pytest.raises(NotThere):
        content(sample("person"), 99)


def test_q05_the_topmost_result_of_a_trusted_server_is_shown_and_no_other() -> None:
    assert read("person", trusted=frozenset({"mx.company.example"})).authentication == "spf=pass dkim=pass dmarc=pass"
    assert read("person").authentication == ""
    assert read("person", trusted=frozenset({"other.example"})).authentication == ""


def test_results_below_a_line_of_our_own_server_are_somebody_elses() -> None:
    said = b"Authentication-Results: mx.example; dkim=fail\nReceived: x\nAuthentication-Results: mx.example; spf=pass\n"
    assert read_mail(said + b"\n", trusted=frozenset({"mx.example"})).authentication == "dkim=fail"


def test_text_is_made_from_html_where_there_is_no_other() -> None:
    mail = read("windows_html")
    assert mail.text == "Zähler – 5 €\nzweite Zeile\n\n- eins\n- zwei"
    assert (mail.subject, mail.sender.name) == ("Grüße – raw", "Jürgen")
    assert mail.sent_at is None


def test_q09_an_invitation_is_found_once_though_it_is_sent_twice() -> None:
    mail = read("invitation")
    assert [part.method for part in mail.calendars] == ["REQUEST"]
    assert "UID:visit-1" in mail.calendars[0].text
    assert [file.name for file in mail.attachments] == ["invitation.ics", "invite.ics"]


@pytest.mark.parametrize("how", ["lf", "cr"])
def test_line_ends_make_no_difference(how: str) -> None:
    end = b"\n" if how == "lf" else b"\r"
    raw = sample("person").replace(b"\r\n", end)
    assert replace(read_mail(raw), size=0) == replace(read("person"), size=0)


def test_flowed_lines_are_one_again() -> None:
    raw = b"Content-Type: text/plain; format=flowed\n\none \ntwo\n> q \n> r\n-- \nsig"
    assert read_mail(raw).text == "one two\n> q r\n-- \nsig"


def test_a_footer_of_a_list_does_not_hide_the_html_before_it() -> None:
    parts = b"--b\nContent-Type: text/html\n\n<p>The words</p>\n--b\nContent-Type: text/plain\n\nfooter\n--b--\n"
    mail = read_mail(b"Content-Type: multipart/mixed; boundary=b\n\n" + parts)
    assert mail.text == "The words\n\nfooter"
    assert "<p>The words</p>" in mail.html
    assert "footer" in mail.html


def test_a_multipart_without_its_parts_is_text() -> None:
    mail = read_mail(b"From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\nwords of a broken program")
    assert mail.text == "words of a broken program"
    assert mail.problems == ("A multipart has no parts: it was read as text.",)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'attachment; filename="..\\..\\evil.exe"', "evil.exe"),
        (b"attachment; filename=/etc/passwd", "passwd"),
        (b'attachment; filename="a\x00b\x1f.txt"', "a b .txt"),
        ('attachment; filename="gpj.\u202eexe"'.encode(), "gpj._exe"),
        (b"attachment; filename*=utf-8''%E2%80%AEx.txt", "_x.txt"),
        (b'attachment; filename="=?utf-8?q?caf=C3=A9.txt?="', "café.txt"),
        (b"attachment; filename*1=b.txt; filename*0=a", "ab.txt"),
        (b'attachment; filename="con.txt"', "_con.txt"),
        (b'attachment; filename=".."', "attachment.bin"),
        (b"attachment; filename=" + b"x" * 500 + b".pdf", "x" * 180 + ".pdf"),
    ],
)
def test_q10_names_of_files_are_safe(header: bytes, name: str) -> None:
    raw = b"Content-Type: application/x-odd\nContent-Disposition: " + header + b"\n\nx"
    assert [file.name for file in read_mail(raw).attachments] == [name]


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("utf-8", "Ä".encode(), "Ä"),
        ("us-ascii", "Ä".encode(), "Ä"),
        ("us-ascii", b"\xc4 \x80", "Ä €"),
        ("iso-8859-1", b"\x93x\x94", "“x”"),
        ("gb2312", "中文".encode("gb18030"), "中文"),
        ("x-sjis", "日本".encode("cp932"), "日本"),
        ("iso-2022-jp", "日本".encode("iso-2022-jp"), "日本"),
        ("no such set", b"\xc4", "Ä"),
        ("rot13", b"abc", "abc"),
        ("idna", b"xn--abc", "xn--abc"),
        ("utf-16", "Ä".encode("utf-16"), "Ä"),
        ("utf-8", b"a\x00b\x07c", "abc"),
    ],
)
def test_character_sets(charset: str, octets: bytes, text: str) -> None:
    raw = f'Content-Type: text/plain; charset="{charset}"\n\n'.encode() + octets
    assert read_mail(raw).text == text


def test_encoded_words_are_joined_before_they_are_decoded() -> None:
    assert read_mail(b"Subject: =?utf-8?b?w4Q=?= =?utf-8?b?w5Y=?=  x\n\n").subject == "ÄÖ x"
    assert read_mail(b"Subject: =?utf-8?b?4oI=?= =?utf-8?b?rA==?=\n\n").subject == "€"  # one character in two words
    assert read_mail(b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\n\n").subject == "a Bcc: x"


def test_q02_whatever_goes_wrong_inside_the_mail_is_read_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr("crm.mail.reading.read_body", broken)
    mail = read_mail(sample("person"))
    assert "Subject: " in mail.text
    assert mail.automatic == "unreadable"  # and so never answered by itself
    assert mail.problems[0].startswith("This mail could not be read (RuntimeError)")
    with pytest.raises(RuntimeError):
        unguarded(sample("person"))


@pytest.mark.parametrize("raw", [b"", b"\n", b"\r\n\r\n", b":", b"\x00" * 50, b"x" * 5000, b"Subject", b" leading\n"])
def test_nearly_nothing_is_a_mail(raw: bytes) -> None:
    mail = unguarded(raw)
    assert (mail.message_id, mail.sender, mail.verified) == ("", Party(""), False)
