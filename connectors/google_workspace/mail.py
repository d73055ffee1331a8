"""A Gmail mailbox as a source of mails. Folders are labels, ids are Gmail's own, which never change."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.google_workspace.answers import Answer
from connectors.google_workspace.batch import MOST, Asked, Batch
from connectors.google_workspace.failures import Garbled, account_failure, is_gone, read_failure
from connectors.google_workspace.mail_cursor import cursor_of
from connectors.google_workspace.mail_labels import ME, Labels
from connectors.google_workspace.mail_listing import PAGE, MailListing, lies_in
from connectors.google_workspace.transport import Transport
from connectors.mail import After, MailFolder, MailPage
from connectors.mail_sizes import Sizes
from connectors.settings import ConnectorSettings
from sync_engine.errors import Rejected

_MARKED = 1000  # mails of one request that marks (batchModify)


class GmailMail:
    """As `connectors.mail.MailSource`."""

    def __init__(self, settings: ConnectorSettings, page: int = PAGE) -> None:
        self.transport = Transport(settings, use="mail")
        self._messages = self.transport.gmail.users().messages()
        self._labels = Labels(self.transport)
        self._listing = MailListing(self.transport, page)
        self._batch = Batch(self.transport)
        self._sizes = Sizes()

    def folders(self) -> Sequence[MailFolder]:
        """INBOX and other labels of Gmail, then those of people."""
        return self._labels.folders()

    def arrivals(self, folder: str, since: str | None) -> Iterator[MailPage]:
        """By the history. Raises CursorExpired, CollectionGone and the errors of a read."""
        label = self._labels.id_of(folder)
        if since is None:
            pages = self._listing.afresh(label)
        else:
            cursor = cursor_of(since, label)
            pages = self._listing.go_on(cursor) if cursor.told else self._listing.since(cursor)
        for page in pages:
            self._sizes.note(page.arrivals)
            yield page

    # ------------------------------------------------------------ the mails

    def raw(self, folder: str, mail_id: str) -> bytes | None:
        """Byte for byte; None for what is not under this label any more. Raises Rejected."""
        answer = self.transport.answer(self._asked(mail_id).request, writing=False)
        return self._content(self._labels.id_of(folder), answer)

    def raws(self, folder: str, mail_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Many in one request, large ones alone."""
        label = self._labels.id_of(folder) if mail_ids else ""
        for group in self._sizes.groups(mail_ids, MOST):
            answers = self._batch.read([self._asked(one) for one in group])
            for mail_id, answer in zip(group, answers, strict=True):
                yield mail_id, self._content(label, answer)

    def _asked(self, mail_id: str) -> Asked:
        return Asked(self._messages.get(userId=ME, id=mail_id, format="raw"))

    def _content(self, label: str, answer: Answer) -> bytes | None:
        if is_gone(answer):
            return None
        if answer.ok and answer.document:
            return octets_of(answer.document) if lies_in(answer.document, label) else None
        if account_failure(answer, "a mail") is None and 400 <= answer.status < 500 and answer.is_googles:
            raise Rejected("Gmail does not give out this mail.", server_said=answer.words)
        raise read_failure(answer, "a mail")

    # ------------------------------------------------------------ afterwards

    def settle(self, folder: str, mail_ids: Sequence[str], after: After) -> None:
        """By labels. What somebody put elsewhere, into the trash too, is left as it is.

        Raises CollectionGone, Rejected for a target that Gmail empties, and the errors of a write.
        """
        if not mail_ids or after == After():
            return
        label = self._labels.id_of(folder)
        change = self._change(label, after)
        for at in range(0, len(mail_ids), _MARKED):
            some = mail_ids[at : at + _MARKED]
            here = [one for one, told in self._listing.labels_of(some).items() if lies_in(told, label)]
            if here:
                body = {"ids": here, **change}
                self.transport.ask(self._messages.batchModify(userId=ME, body=body))

    def _change(self, label: str, after: After) -> Mapping[str, Any]:
        given = [self._labels.target(after.move_to)] if after.move_to else []
        given += [self._labels.made(after.keyword)] if after.keyword else []
        taken = ["UNREAD"] if after.seen else []
        taken += [label] if after.move_to and label not in given else []
        return {"addLabelIds": given, "removeLabelIds": taken}

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()


def octets_of(document: Mapping[str, Any]) -> bytes:
    """What is in `raw`: base64url, without its padding. Raises Garbled."""
    text = str(document.get("raw") or "")
    try:
        octets = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as err:
        raise Garbled("Gmail sent a mail that cannot be decoded; it is read again later.") from err
    if not octets:
        raise Garbled("Gmail sent a mail without its content; it is read again later.")
    return octets
