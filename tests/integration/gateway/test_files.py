"""Plain files beside calendars and address books: WebDAV, limits, safety."""

from __future__ import annotations

import hashlib
import re
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dav_gateway.files.reading import BrokenOffError, octets
from dav_gateway.site import Limits
from dav_gateway.uploads import FileLimits
from storage.blobs import PART
from storage.tables import blob_parts, blobs, file_locks, file_properties, files
from tests.servers.gateway import Hub, Phone, running_hub

HOME = "/dav/files/ada/"
LIMITS = Limits(files=FileLimits(file=3 * PART, total=8 * PART, count=8))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path, limits=LIMITS) as running:
        running.user("ada")
        running.user("bob")
        yield running


@pytest.fixture
def ada(hub: Hub) -> Phone:
    return hub.phone("ada")


def count(hub: Hub, table: object = blobs) -> int:
    return int(hub.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def names(phone: Phone, path: str = HOME) -> set[str]:
    found = phone.request("PROPFIND", path, headers={"Depth": "1"})
    assert found.status_code == 207
    return set(re.findall("<D:href>([^<]*)</D:href>", found.text)) - {path}


BIG = bytes(range(256)) * (PART // 256) * 2 + b"the end"


def test_a_file_of_several_parts_comes_back_whole_and_in_ranges(ada: Phone) -> None:
    made = ada.put(f"{HOME}big.bin", data=BIG)
    assert made.status_code == 201
    got = ada.get(f"{HOME}big.bin")
    assert got.content == BIG
    assert got.headers["etag"] == made.headers["etag"]
    assert got.headers["content-length"] == str(len(BIG))
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["content-disposition"] == "attachment"
    across = ada.get(f"{HOME}big.bin", headers={"Range": f"bytes={PART - 3}-{PART + 2}"})
    assert across.status_code == 206
    assert across.content == BIG[PART - 3 : PART + 3]
    assert across.headers["content-range"] == f"bytes {PART - 3}-{PART + 2}/{len(BIG)}"
    assert ada.get(f"{HOME}big.bin", headers={"Range": "bytes=-7"}).content == b"the end"
    assert ada.get(f"{HOME}big.bin", headers={"Range": f"bytes={len(BIG)}-"}).status_code == 416
    head = ada.head(f"{HOME}big.bin")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(BIG)))


def test_conditions_are_honoured(ada: Phone) -> None:
    etag = ada.put(f"{HOME}a.txt", data=b"one").headers["etag"]
    assert ada.put(f"{HOME}a.txt", data=b"x", headers={"If-None-Match": "*"}).status_code == 412
    assert ada.put(f"{HOME}b.txt", data=b"x", headers={"If-Match": "*"}).status_code == 412
    assert ada.put(f"{HOME}a.txt", data=b"two", headers={"If-Match": etag}).status_code == 204
    assert ada.put(f"{HOME}a.txt", data=b"three", headers={"If-Match": etag}).status_code == 412
    assert ada.delete(f"{HOME}a.txt", headers={"If-Match": etag}).status_code == 412
    target = {"Destination": f"{HOME}c.txt", "If-Match": etag}
    assert ada.request("MOVE", f"{HOME}a.txt", headers=target).status_code == 412
    now = ada.get(f"{HOME}a.txt")
    assert now.content == b"two"
    assert ada.get(f"{HOME}a.txt", headers={"If-None-Match": now.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("([ETAG])", 204),
        ("(Not [ETAG])", 412),
        ('(["stale"]) ([ETAG] Not <urn:uuid:nobody>)', 204),
        ('(["stale"]) ([ETAG] <urn:uuid:nobody>)', 412),
        ('(Not ["stale"])', 204),
        (f"<{HOME}b> ([ETAG])", 412),
        (f"<{HOME}a> ([ETAG])", 204),
        ("</dav/files/bob/a> ([ETAG])", 412),
        ("nothing", 400),
        ("()", 400),
        ("(Not)", 400),
        ("([ETAG]", 400),
    ],
)
def test_the_if_header_is_honoured(ada: Phone, header: str, status: int) -> None:
    etag = ada.put(f"{HOME}a", data=b"one").headers["etag"]
    said = {"If": header.replace("ETAG", etag)}
    target = {"Destination": f"{HOME}c"}
    expected = {"PROPPATCH": 207, "COPY": 201, "DELETE": 204}
    for method, data in (("PUT", b"one"), ("PROPPATCH", PATCH.format("<x:p/>")), ("COPY", None), ("DELETE", None)):
        answer = ada.request(method, f"{HOME}a", data=data, headers=said | target)
        assert answer.status_code == (expected.get(method, status) if status == 204 else status), method


LOCK = (
    '<lockinfo xmlns="DAV:"><lockscope><{}/></lockscope><locktype><write/></locktype>'
    "<owner><href>mailto:ada@example.org</href></owner></lockinfo>"
)


def lock(phone: Phone, path: str, scope: str = "exclusive", **headers: str) -> str:
    """Gives the token."""
    answer = phone.request("LOCK", HOME + path, data=LOCK.format(scope), headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.headers["lock-token"]


def test_a_lock_keeps_other_programs_out(hub: Hub, ada: Phone) -> None:
    other = hub.phone("ada", "Laptop")
    ada.request("MKCOL", f"{HOME}d")
    ada.put(f"{HOME}d/x", data=b"one")
    token = lock(ada, "d")
    shown = {"If": f"<{HOME}d> ({token})"}
    for method, path, more in (
        ("PUT", "d/x", {}),
        ("PUT", "d/new", {}),
        ("DELETE", "d/x", {}),
        ("DELETE", "d", {}),
        ("MKCOL", "d/sub", {}),
        ("PROPPATCH", "d/x", {}),
        ("LOCK", "d/x", {}),
        ("LOCK", "d/new", {}),
        ("MOVE", "d/x", {"Destination": f"{HOME}y"}),
        ("MOVE", "d", {"Destination": f"{HOME}e"}),
        ("COPY", "z", {"Destination": f"{HOME}d/z"}),
    ):
        other.put(f"{HOME}z", data=b"z")
        body = {"PROPPATCH": PATCH.format("<x:p/>"), "LOCK": LOCK.format("shared"), "PUT": b"two"}.get(method)
        assert other.request(method, HOME + path, data=body, headers=more).status_code == 423, (method, path)
    assert other.get(f"{HOME}d/x").content == b"one"
    assert other.request("COPY", f"{HOME}d/x", headers={"Destination": f"{HOME}y"}).status_code == 201
    told = other.request("PROPFIND", f"{HOME}d/x", headers={"Depth": "0"}, data=ASKS_FOR_LOCKS).text
    assert token.strip("<>") in told
    assert "mailto:ada@example.org" in told
    assert ada.put(f"{HOME}d/x", data=b"two", headers=shown).status_code == 204
    assert hub.phone("bob").request("UNLOCK", f"{HOME}d", headers={"Lock-Token": token}).status_code == 404
    assert ada.request("UNLOCK", f"{HOME}d", headers={"Lock-Token": token}).status_code == 204
    assert other.put(f"{HOME}d/x", data=b"three").status_code == 204


ASKS_FOR_LOCKS = '<propfind xmlns="DAV:"><prop><lockdiscovery/><supportedlock/></prop></propfind>'


def test_locks_run_out_unless_they_are_renewed(hub: Hub, ada: Phone) -> None:
    token = lock(ada, "a", Timeout="Second-60, Infinite")
    hub.clock.ahead += timedelta(seconds=50)
    renewed = ada.request("LOCK", f"{HOME}a", headers={"If": f"({token})", "Timeout": "Second-100"})
    assert renewed.status_code == 200
    assert "Second-100<" in renewed.text
    hub.clock.ahead += timedelta(seconds=90)
    assert ada.put(f"{HOME}a", data=b"x").status_code == 423
    hub.clock.ahead += timedelta(seconds=11)
    assert ada.put(f"{HOME}a", data=b"x").status_code == 204
    assert ada.request("LOCK", f"{HOME}a", headers={"If": f"({token})"}).status_code == 412
    lock(ada, "a")
    assert hub.execute(select(func.count()).select_from(file_locks)).scalar_one() == 1


def test_a_lock_does_not_move_and_goes_with_its_file(ada: Phone) -> None:
    token = lock(ada, "a")
    moved = ada.request("MOVE", f"{HOME}a", headers={"Destination": f"{HOME}b", "If": f"({token})"})
    assert moved.status_code == 201
    assert ada.put(f"{HOME}a", data=b"x").status_code == 201
    assert ada.put(f"{HOME}b", data=b"x").status_code == 204
    token = lock(ada, "b")
    assert ada.delete(f"{HOME}b", headers={"If": f"({token})"}).status_code == 204
    assert ada.put(f"{HOME}b", data=b"x").status_code == 201


def test_shared_locks_go_together_and_exclusive_ones_do_not(ada: Phone) -> None:
    ada.put(f"{HOME}a", data=b"x")
    first, _ = lock(ada, "a", "shared"), lock(ada, "a", "shared")
    assert ada.request("LOCK", f"{HOME}a", data=LOCK.format("exclusive")).status_code == 423
    assert ada.request("LOCK", HOME, data=LOCK.format("exclusive")).status_code == 423
    assert ada.put(f"{HOME}a", data=b"y").status_code == 423
    assert ada.put(f"{HOME}a", data=b"y", headers={"If": f"({first})"}).status_code == 204
    assert ada.put(f"{HOME}b", data=b"y").status_code == 201


def test_copies_share_octets_and_the_last_holder_takes_them_along(hub: Hub, ada: Phone) -> None:
    ada.request("MKCOL", f"{HOME}dir")
    ada.put(f"{HOME}dir/a", data=b"shared")
    ada.request("PROPPATCH", f"{HOME}dir/a", data=PATCH.format("<x:p>kept</x:p>"))
    copied = ada.request("COPY", f"{HOME}dir/", headers={"Destination": f"{hub.url}{HOME}copy/"})
    assert copied.status_code == 201
    assert count(hub) == 1
    assert ada.delete(f"{HOME}dir/").status_code == 204
    assert ada.get(f"{HOME}copy/a").content == b"shared"
    asked = '<propfind xmlns="DAV:"><prop><p xmlns="urn:x"/></prop></propfind>'
    assert ">kept<" in ada.request("PROPFIND", f"{HOME}copy/a", data=asked, headers={"Depth": "0"}).text
    ada.put(f"{HOME}copy/a", data=b"")
    assert count(hub) == count(hub, blob_parts) == 0
    ada.delete(f"{HOME}copy")
    assert count(hub, files) == count(hub, file_properties) == 0


PATCH = '<propertyupdate xmlns="DAV:" xmlns:x="urn:x"><set><prop>{}</prop></set></propertyupdate>'


def test_a_folder_cannot_go_into_itself_nor_over_what_it_is_in(ada: Phone) -> None:
    ada.request("MKCOL", f"{HOME}a")
    ada.request("MKCOL", f"{HOME}a/b")
    ada.put(f"{HOME}a/b/x", data=b"x")
    for method in ("COPY", "MOVE"):
        for source, target in (("a", "a/b/c"), ("a/b", "a"), ("a", "a"), ("a", ""), ("", "a/c")):
            answer = ada.request(method, f"{HOME}{source}", headers={"Destination": f"{HOME}{target}"})
            assert answer.status_code == 403, (method, source, target)
    assert ada.get(f"{HOME}a/b/x").content == b"x"


def test_limits_are_kept(hub: Hub, ada: Phone) -> None:
    assert ada.put(f"{HOME}a", data=bytes(3 * PART + 1)).status_code == 413
    assert ada.put(f"{HOME}a", data=iter([bytes(3 * PART), b"1"])).status_code == 413  # sent without its length
    assert count(hub) == 0
    for name in "ab":
        assert ada.put(f"{HOME}{name}", data=bytes(3 * PART)).status_code == 201
    full = ada.put(f"{HOME}c", data=bytes(3 * PART))
    assert full.status_code == 507
    assert "quota-not-exceeded" in full.text
    copied = ada.request("COPY", f"{HOME}a", headers={"Destination": f"{HOME}c"})
    assert copied.status_code == 507
    assert ada.put(f"{HOME}a", data=bytes(3 * PART)).status_code == 204  # instead of the one there
    asked = '<propfind xmlns="DAV:"><prop><quota-used-bytes/><quota-available-bytes/></prop></propfind>'
    told = ada.request("PROPFIND", HOME, data=asked, headers={"Depth": "0"}).text
    assert f"quota-used-bytes>{6 * PART}<" in told
    assert f"quota-available-bytes>{2 * PART}<" in told
    for number in range(6):
        assert ada.request("MKCOL", f"{HOME}{number}").status_code == 201
    assert ada.request("MKCOL", f"{HOME}7").status_code == 507
    assert ada.put(f"{HOME}0/x", data=b"").status_code == 507


def test_a_tree_never_gets_deeper_than_addresses_can_tell(hub: Hub, ada: Phone) -> None:
    hub.execute(files.delete())
    deep = HOME + "d/" * 5
    for depth in range(1, 6):
        assert ada.request("MKCOL", HOME + "d/" * depth).status_code == 201
    parent = hub.execute(select(func.max(files.c.id))).scalar_one()
    ada.put(f"{HOME}x", data=b"")
    ada.request("MKCOL", f"{HOME}e")
    ada.request("MKCOL", f"{HOME}e/f")
    chain = 30  # rows made by hand: the limit on their number is lower than that on their depth here
    owner = hub.execute(select(files.c.user_id).limit(1)).scalar_one()
    for _ in range(chain - 5):
        row = {"user_id": owner, "parent_id": parent, "name": "d", "folder": True}
        row |= {"created_at": hub.clock(), "changed_at": hub.clock()}
        parent = hub.execute(files.insert().values(row)).inserted_primary_key[0]
    assert ada.request("PROPFIND", HOME + "d/" * chain, headers={"Depth": "0"}).status_code == 207
    moved = ada.request("MOVE", f"{HOME}x", headers={"Destination": HOME + "d/" * chain + "x"})
    assert moved.status_code == 201
    assert ada.request("MOVE", f"{HOME}d", headers={"Destination": f"{HOME}e/f/d"}).status_code == 403
    assert ada.request("PROPFIND", deep, headers={"Depth": "0"}).status_code == 207


@pytest.mark.parametrize(
    "method",
    [
        "OPTIONS",
        "GET",
        "HEAD",
        "PUT",
        "DELETE",
        "MKCOL",
        "COPY",
        "MOVE",
        "PROPFIND",
        "PROPPATCH",
        "REPORT",
        "LOCK",
        "UNLOCK",
    ],
)
def test_files_of_others_are_not_there(hub: Hub, ada: Phone, method: str) -> None:
    bob = hub.phone("bob")
    bob.put("/dav/files/bob/secret", data=b"secret")
    body = PATCH.format("<x:p/>") if method == "PROPPATCH" else None if method in ("PROPFIND", "MKCOL") else b"<x/>"
    headers = {"Destination": f"{HOME}mine"}
    for path in ("secret", "missing", ""):
        answer = ada.request(method, f"/dav/files/bob/{path}", headers=headers, data=body)
        assert answer.status_code == 404, path
    assert bob.get("/dav/files/bob/secret").content == b"secret"
    assert names(ada) == set()


def test_nothing_is_copied_into_files_of_others(hub: Hub, ada: Phone) -> None:
    ada.put(f"{HOME}a", data=b"a")
    for target, status in (("/dav/files/bob/a", 404), ("/dav/calendars/ada/a", 403), ("http://example.com/a", 502)):
        assert ada.request("MOVE", f"{HOME}a", headers={"Destination": target}).status_code == status
    assert ada.get(f"{HOME}a").content == b"a"
    assert hub.phone("bob").get("/dav/files/bob/a").status_code == 404


def test_names_are_keys_and_never_paths(ada: Phone) -> None:
    odd = ["%2e%2e%2fpasswd", "a%2Fb", "%E2%82%AC", "a%20b", "~x", "a%3Fb%23c", "%26lt;"]
    for name in odd:
        assert ada.put(HOME + name, data=name.encode()).status_code == 201, name
    assert all(ada.get(HOME + name).content == name.encode() for name in odd)
    listed = names(ada)
    assert len(listed) == len(odd)
    for path in listed:
        assert ada.get(path.replace("&amp;", "&")).status_code == 200, path
    assert ada.put(f"{HOME}{'x' * 401}", data=b"").status_code == 403
    assert ada.put(f"{HOME}%00", data=b"").status_code == 404


def test_what_a_browser_could_run_comes_as_a_download(ada: Phone) -> None:
    ada.put(f"{HOME}x.html", data=b"<script>", headers={"Content-Type": "text/html\t"})
    got = ada.get(f"{HOME}x.html")
    assert got.headers["content-type"] == "text/html"
    assert got.headers["content-disposition"] == "attachment"
    ada.put(f"{HOME}y.pdf", data=b"%PDF", headers={"Content-Type": "no type at all"})
    assert ada.get(f"{HOME}y.pdf").headers["content-type"] == "application/pdf"


def test_a_refused_property_changes_none(ada: Phone) -> None:
    ada.put(f"{HOME}a", data=b"")
    told = ada.request("PROPPATCH", f"{HOME}a", data=PATCH.format("<x:p>1</x:p><getetag>2</getetag>"))
    assert "403" in told.text
    assert "424" in told.text
    asked = '<propfind xmlns="DAV:"><allprop/></propfind>'
    listed = ada.request("PROPFIND", f"{HOME}a", data=asked, headers={"Depth": "0"}).text
    assert "urn:x" not in listed
    assert "getcontentlength>0<" in listed
    long = ada.request("PROPPATCH", f"{HOME}a", data=PATCH.format(f"<x:p>{'y' * 70_000}</x:p>"))
    assert "507" in long.text


def test_a_file_that_is_deleted_while_it_is_read_breaks_off(hub: Hub, ada: Phone) -> None:
    ada.put(f"{HOME}a", data=BIG)
    blob = hub.execute(select(blobs.c.id)).scalar_one()
    reading = octets(hub.database, blob, 0, len(BIG))
    assert len(next(reading)) == PART
    ada.delete(f"{HOME}a")
    with pytest.raises(BrokenOffError):
        list(reading)


def test_a_large_file_is_never_whole_in_memory(tmp_path: Path) -> None:
    size = 24 * 1024 * 1024
    piece = bytes(1024 * 1024)
    with running_hub(tmp_path) as hub:
        hub.user("ada")
        phone = hub.phone("ada")
        phone.get(HOME)
        tracemalloc.start()
        try:
            assert phone.put(f"{HOME}a", data=(piece for _ in range(24))).status_code == 201
            hashed = hashlib.sha256()
            with phone.get(f"{HOME}a", stream=True) as got:
                for part in got.iter_content(PART):
                    hashed.update(part)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert hashed.digest() == hashlib.sha256(bytes(size)).digest()
    assert peak < size / 2
