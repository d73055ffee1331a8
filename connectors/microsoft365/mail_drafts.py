"""Mails that are too large for one request: a draft, its large files piece by piece, and then it is sent (G23)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from connectors.microsoft.slimmed import LargeFile, slimmed
from connectors.microsoft365.answers import Answer
from connectors.microsoft365.transport import Transport
from sync_engine.errors import OutcomeUnknown, SyncError, Unavailable

IN_ONE = 2_900_000  # octets of a mail, or of a file, that fit into one request
PIECE = 10 * 320 * 1024  # octets of a piece; all but the last must be a multiple of 320 KiB
MIME = {"Content-type": "text/plain"}  # as the package spells it; else it would write JSON

Check = Callable[[Answer], Answer]


class Drafts:
    """Of one mailbox."""

    def __init__(self, transport: Transport, check: Check) -> None:
        """`check` raises the error that an answer means."""
        self._transport = transport
        self._check = check

    def send(self, raw: bytes) -> str:
        """The id of what was sent. Whatever fails before the last step leaves nothing behind, if it can be helped."""
        rest, files = slimmed(raw, IN_ONE)
        with _not_sent():
            made = self._ask("post", "/messages", base64.b64encode(rest), MIME)
        draft = f"/messages/{quote(str(made.document.get('id') or ''))}"
        try:
            with _not_sent():
                for file in files:
                    self._attach(draft, file)
        except SyncError:
            with suppress(SyncError):
                self._ask("post", f"{draft}/permanentDelete")
            raise
        self._ask("post", f"{draft}/send")
        return str(made.document["id"])

    def _attach(self, draft: str, file: LargeFile) -> None:
        if len(file.content) <= IN_ONE:
            body = {"@odata.type": "#microsoft.graph.fileAttachment", "name": file.name, "contentType": file.media_type}
            self._ask("post", f"{draft}/attachments", body | {"contentBytes": base64.b64encode(file.content).decode()})
            return
        about = {"attachmentType": "file", "name": file.name, "size": len(file.content), "contentType": file.media_type}
        begun = self._ask("post", f"{draft}/attachments/createUploadSession", {"AttachmentItem": about})
        for start in range(0, len(file.content), PIECE):
            piece = file.content[start : start + PIECE]
            place = f"bytes {start}-{start + len(piece) - 1}/{len(file.content)}"
            self._check(self._transport.upload(str(begun.document.get("uploadUrl") or ""), piece, place))

    def _ask(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        return self._check(self._transport.ask(method, self._transport.path(path), body, headers))


@contextmanager
def _not_sent() -> Iterator[None]:
    """Whatever came of these requests, the mail did not go out."""
    try:
        yield
    except OutcomeUnknown as err:
        raise Unavailable(f"The mail was not sent: {err}", server_said=err.server_said) from err
