r"""What becomes of mails that we have: a flag, a keyword, another folder. Nothing here sets \Deleted or expunges."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from imapclient import IMAPClient, imap_utf7
from imapclient.exceptions import IMAPClientError

from connectors.imap.cursor import uid_of
from connectors.imap.folders import readable_folders, wire_names
from connectors.imap.line import ImapLine, Opened
from connectors.mail import After
from sync_engine.errors import CollectionGone, Rejected

_SEEN = b"\\Seen"
_MOVED = b"$AgendaHubMoved"  # where a server cannot move: the copy was made
_AT_ONCE = 500  # mails in one command: lines have a length
_NO_ATOM = re.compile(rb'[\x00-\x20\x7f(){%*"\\\]]')


def settle(line: ImapLine, folder: str, ids: Sequence[str], after: After) -> None:
    """Raises Rejected where the server cannot do it, CollectionGone when there is no folder to move to."""
    if not (ids and (after.seen or after.keyword or after.move_to)):
        return
    opened = line.open(folder, write=True)
    uids = [uid for one in ids if (uid := uid_of(one, opened.validity)) is not None]
    for some in _chunks(sorted(uids)):
        if flags := _flags(opened, after):
            _told(line, folder, lambda client, n=some, f=flags: client.add_flags(n, f, silent=True))  # type: ignore[misc]
        if after.move_to and after.move_to != folder:
            _move(line, opened, some, after.move_to)


def _flags(opened: Opened, after: After) -> list[bytes]:
    keyword = [_kept(opened, keyword_of(after.keyword))] if after.keyword else []
    return [_SEEN] * after.seen + keyword


def keyword_of(name: str) -> bytes:
    """A name as IMAP can keep it: other letters as folders have them, what may not stand there as "_"."""
    return _NO_ATOM.sub(b"_", bytes(imap_utf7.encode(name)))


def _kept(opened: Opened, keyword: bytes) -> bytes:
    """Raises Rejected where it would be forgotten."""
    if opened.keeps and not {b"\\*", keyword.lower()} & opened.keeps:
        raise Rejected(f"The folder {opened.folder} keeps no keywords; set after to seen or move for this mailbox.")
    return keyword


def _move(line: ImapLine, opened: Opened, uids: Sequence[int], target: str) -> None:
    if line.ask(lambda client: client.has_capability("MOVE")):
        _told(line, opened.folder, lambda client: _into(client, client.move, uids, target))
        return
    marker = _kept(opened, _MOVED)
    found = line.ask(lambda client: client.get_flags(uids), of_mails=True)
    left = [uid for uid in uids if uid in found and marker.lower() not in {flag.lower() for flag in found[uid]}]
    if left:
        _told(line, opened.folder, lambda client: _into(client, client.copy, left, target))
        _told(line, opened.folder, lambda client: client.add_flags(left, [_SEEN, marker], silent=True))


def _into(client: IMAPClient, act: Callable[[Sequence[int], bytes], object], uids: Sequence[int], target: str) -> None:
    failed: IMAPClientError = IMAPClientError()
    for name in wire_names(target):
        try:
            act(uids, name)
        except client.AbortError:
            raise
        except IMAPClientError as err:
            failed = err
        else:
            return
        if "TRYCREATE" not in str(failed) and target in {one.id for one in readable_folders(client)}:
            raise failed
    raise CollectionGone(f"There is no folder {target} to move mails to; make it.") from failed


def _told(line: ImapLine, folder: str, act: Callable[[IMAPClient], object]) -> None:
    """Gone is fine: where somebody deleted one of the mails meanwhile, once more for the others."""
    try:
        line.ask(act, of_mails=True)
    except Rejected as err:
        if "EXPUNGEISSUED" not in err.server_said:
            raise
        line.open(folder, write=True, afresh=True)
        line.ask(act, of_mails=True)


def _chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (uids[start : start + _AT_ONCE] for start in range(0, len(uids), _AT_ONCE))
