"""Cards as 3.0 and as 4.0, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_engine.errors import ItemError, Unreadable
from sync_engine.formats import decode, parse, split
from sync_engine.formats.card_versions import in_version, version_of
from sync_engine.model import Contact

TESTS = Path(__file__).parents[2]
FILES = [*TESTS.joinpath("samples").rglob("*.vcf"), *TESTS.parents[1].joinpath("shared", "corpora").rglob("*.vcf")]


def card(version: str, *lines: str) -> str:
    return "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", "UID:1", "FN:Ada", "N:L;Ada;;;", *lines, "END:VCARD", ""))


def turned(version: str, *lines: str) -> list[str]:
    """Lines of one version in the other."""
    other = {"3.0": "4.0", "4.0": "3.0"}[version]
    text = in_version(card(version, *lines), other).replace("\r\n ", "")
    assert f"VERSION:{other}" in text
    return text.split("\r\n")[5:-2]


BOTH_WAYS = [  # 3.0, 4.0
    ("TEL;TYPE=CELL,PREF:+41 79", "TEL;PREF=1;TYPE=cell:+41 79"),
    ("TEL;TYPE=CELL;X-PREF=2:+41 79", "TEL;PREF=2;TYPE=cell:+41 79"),
    ("TEL;TYPE=CELL;X-VALUE=URI:+41-79\\;ext=5", "TEL;TYPE=cell;VALUE=URI:tel:+41-79;ext=5"),
    ("BDAY:1985-04-12", "BDAY:19850412"),
    ("BDAY:1953-10-15T23:10:00-05:00", "BDAY:19531015T231000-0500"),
    ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12", "BDAY:--0412"),
    ("X-BDAY;VALUE=TEXT:circa 1800", "BDAY;VALUE=TEXT:circa 1800"),
    ("ANNIVERSARY:2009-08-08", "ANNIVERSARY:20090808"),
    ("REV:2012-10-12T21:05:25Z", "REV:20121012T210525Z"),
    ("GEO:37.386013;-122.082932", "GEO:geo:37.386013,-122.082932"),
    ("X-GEO:geo:1,2;u=35", "GEO:geo:1,2;u=35"),
    ("TZ:-05:00", "TZ;VALUE=UTC-OFFSET:-0500"),
    ("TZ;VALUE=TEXT:Europe/Zurich", "TZ:Europe/Zurich"),
    ("PHOTO;ENCODING=b;TYPE=JPEG:AAAA", "PHOTO:data:image/jpeg;base64,AAAA"),
    ("PHOTO;TYPE=GIF;VALUE=uri:http://x.test/a.gif", "PHOTO;MEDIATYPE=image/gif:http://x.test/a.gif"),
    ("LOGO;ENCODING=b;TYPE=PNG:AAAA", "LOGO:data:image/png;base64,AAAA"),
    ("SOUND;ENCODING=b;TYPE=BASIC:AAAA", "SOUND:data:audio/basic;base64,AAAA"),
    ("KEY;ENCODING=b;TYPE=PGP:AAAA", "KEY:data:application/pgp;base64,AAAA"),
    ("X-ADDRESSBOOKSERVER-KIND:group", "KIND:group"),
    ("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", "MEMBER:urn:uuid:1"),
    ("X-GENDER:F", "GENDER:F"),
    ("X-RELATED;TYPE=FRIEND;X-ALTID=1:urn:uuid:1", "RELATED;ALTID=1;TYPE=friend:urn:uuid:1"),
    ("CLASS:PRIVATE", "X-CLASS:PRIVATE"),
    ("item1.EMAIL;X-PID=1.1:a@b", "item1.EMAIL;PID=1.1:a@b"),
]
SAME = [
    "item1.X-ABLabel:_$!<HomePage>!$_",
    "NOTE:a\\, b\\nc",
    "X-Own;X-P=1:x",
    "ORG:A;B",
    "IMPP:xmpp:a@b",
    "FBURL:http://x",
]


@pytest.mark.parametrize(("three", "four"), BOTH_WAYS)
def test_each_version_writes_it_in_its_own_way(three: str, four: str) -> None:
    assert turned("3.0", three) == [four]
    assert [line.upper() for line in turned("4.0", four)] == [three.upper()]


@pytest.mark.parametrize("line", SAME)
def test_what_both_know_stays_letter_for_letter(line: str) -> None:
    assert turned("3.0", line) == turned("4.0", line) == [line]


def test_labels_of_addresses() -> None:
    three = ["ADR;TYPE=HOME:;;S 1;T;;;", "LABEL;TYPE=HOME:S 1\\nT", "LABEL;TYPE=WORK:lost"]
    four = ["ADR;LABEL=S 1^nT;TYPE=home:;;S 1;T;;;", "X-LABEL;TYPE=work:lost"]
    assert turned("3.0", *three) == four
    assert [line.upper() for line in turned("4.0", *four)] == [line.upper() for line in three]
    two = ["ADR;LABEL=a;TYPE=home:;;S 1;T;;;", "ADR;LABEL=b;TYPE=home:;;S 2;T;;;"]
    assert turned("4.0", *two)[0] == "ADR;TYPE=HOME;X-LABEL=a:;;S 1;T;;;"


def test_the_name_to_sort_by() -> None:
    assert "N;SORT-AS=Lovelace:L;Ada;;;" in in_version(card("3.0", "SORT-STRING:Lovelace"), "4.0")
    four = card("4.0").replace("N:L", "N;SORT-AS=Lovelace:L")
    assert in_version(in_version(four, "3.0"), "4.0") == four
    several = card("4.0").replace("N:L", 'N;SORT-AS="L,A":L')
    assert "SORT-STRING" not in in_version(several, "3.0")
    assert 'SORT-AS="L,A"' in in_version(in_version(several, "3.0"), "4.0")


def test_a_name_is_added_where_it_is_mandatory() -> None:
    assert "\r\nN:;;;;\r\n" in in_version(card("4.0").replace("N:L;Ada;;;\r\n", ""), "3.0")


def test_the_same_version_is_the_same_text() -> None:
    text = card("3.0", "note;X=1:  odd ")
    assert in_version(text, "3.0") is text


def test_an_old_card_comes_as_a_new_one() -> None:
    old = "BEGIN:VCARD\r\nVERSION:2.1\r\nUID:1\r\nN:M=C3=BCller;A\r\nTEL;HOME;PREF:+41\r\nEND:VCARD\r\n"
    old = old.replace("\r\nN:", "\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:")
    new = in_version(old, "4.0")
    assert "N:Müller;A;;;\r\n" in new
    assert "TEL;PREF=1;TYPE=home:+41\r\n" in new


@pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "BEGIN:VCARD\r\nVERSION:3.0\r\n"])
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        in_version(text, "4.0")


def there_and_back(text: str) -> None:
    """What is lost in the other version is lost in none that follows; and nothing of the first is."""
    version = version_of(text)
    other = "3.0" if version == "4.0" else "4.0"
    away = in_version(text, other)
    back = in_version(away, version)
    assert parse(in_version(back, other), uid_if_missing="1") == parse(away, uid_if_missing="1")
    first, last = parse(text, uid_if_missing="1"), parse(back, uid_if_missing="1")
    assert isinstance(first, Contact)
    assert isinstance(last, Contact)
    assert (first.full_name, first.name, first.uid) == (last.full_name, last.name, last.uid)
    assert (first.emails, first.phones, first.addresses) == (last.emails, last.phones, last.addresses)
    assert (first.photo, first.note, first.kind, first.organization) == (
        last.photo, last.note, last.kind, last.organization,
    )  # fmt: skip
    assert len(first.extra) == len(last.extra)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_cards_of_real_programs_go_there_and_back(path: Path) -> None:
    for text in split(decode(path.read_bytes())):
        try:
            parse(text, uid_if_missing="1")
        except ItemError:
            continue
        there_and_back(text if version_of(text) in ("3.0", "4.0") else in_version(text, "3.0"))


LINES = st.sampled_from([line for pair in BOTH_WAYS for line in pair] + SAME)
VALUES = st.sampled_from(
    ["NOTE", "X-OWN", "TITLE", "TEL;TYPE=home", "EMAIL;TYPE=PREF,WORK", "ADR;TYPE=work", "BDAY", "GEO"]
)
ANY = st.builds("{}:{}".format, VALUES, st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12))


@given(
    st.sampled_from(["3.0", "4.0"]),
    st.lists(LINES | ANY, max_size=6, unique_by=lambda line: line.partition(":")[0]),
)
def test_any_card_comes_to_rest(version: str, lines: list[str]) -> None:
    """After one way there and back it is the same for ever: no value wears away, and no property gets lost."""
    text = card(version, *lines)
    other = "3.0" if version == "4.0" else "4.0"
    away = in_version(text, other)
    assert parse(in_version(in_version(away, version), other)) == parse(away)
    assert away.replace("\r\n ", "").count("\r\n") >= text.count("\r\n") - 1
