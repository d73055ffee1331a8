"""What becomes of mails in Exchange that we have: read, a category, another folder. Never deleted, no read receipts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from exchangelib.properties import FolderId

from connectors.exchange.failures import is_gone, item_failure, may_pass, said
from connectors.exchange.mail_services import LookAtMails, MailSeen, MoveMails
from connectors.exchange.mapping_updates import changed_item
from connectors.exchange.services import UpdateItems
from connectors.exchange.transport import Transport
from connectors.mail import After
from sync_engine.errors import Unavailable, VersionConflict

TOGETHER = 100
_TRIES = 3  # of a mail that somebody else changes at the same time


class Settling:
    """Of one mailbox."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def settle(self, folder_id: str, mail_ids: Sequence[str], after: After, target_id: str) -> None:
        """Those that still lie in their folder. Raises AccountErrors, and ItemErrors of what cannot be written."""
        for start in range(0, len(mail_ids), TOGETHER):
            some = mail_ids[start : start + TOGETHER]
            left: Sequence[str] = some
            for attempt in range(1, _TRIES + 1):
                left = self._marked(self._seen(left, folder_id), after, last=attempt == _TRIES) if left else ()
            if target_id and target_id != folder_id:
                self._move([one.id for one in self._seen(some, folder_id)], target_id)

    def _seen(self, mail_ids: Sequence[str], folder_id: str) -> list[MailSeen]:
        service = LookAtMails(account=self._transport.account())
        found = self._transport.read(lambda: service.read(mail_ids))
        for one in found:
            if isinstance(one, Exception) and not is_gone(one):
                raise Unavailable(
                    "Exchange does not show a mail; it is tried again later.", server_said=said(one)
                ) from one
        return [one for one in found if isinstance(one, MailSeen) and one.folder_id == folder_id]

    def _marked(self, seen: Iterable[MailSeen], after: After, *, last: bool) -> list[str]:
        """Gives those that were changed by somebody else at the same time."""
        account = self._transport.account()
        group: dict[str, Any] = {}
        for one in seen:
            if changes := _changes(one, after):
                group[one.id] = changed_item(one.model, changes, id=one.id, changekey=one.change_key, account=account)
        service = UpdateItems(account=account)
        answers = self._written(list(group.values()), service.update)
        return [
            mail_id for mail_id, answer in zip(group, answers, strict=True) if not _done(answer, may_conflict=not last)
        ]

    def _move(self, mail_ids: Sequence[str], target_id: str) -> None:
        service, target = MoveMails(account=self._transport.account()), FolderId(id=target_id)
        for answer in self._written(mail_ids, lambda some: service.move(some, target)):
            _done(answer)

    def _written(self, some: Sequence[Any], ask: Callable[[Sequence[Any]], list[Any]]) -> list[Any]:
        return self._transport.write(lambda: ask(some)) if some else []


def _changes(mail: MailSeen, after: After) -> dict[str, Any]:
    """What is not so yet. Categories are compared as Outlook does: case apart."""
    changes: dict[str, Any] = {}
    if after.seen and not mail.seen:
        changes["is_read"] = True
    if after.keyword and after.keyword.lower() not in {one.lower() for one in mail.categories}:
        changes["categories"] = [*mail.categories, after.keyword]
    return changes


def _done(answer: Any, *, may_conflict: bool = False) -> bool:
    """Gone is fine. Raises what else went wrong; a conflict only where it must not be."""
    if not isinstance(answer, Exception) or is_gone(answer):
        return True
    if may_pass(answer):
        raise Unavailable("Exchange was not ready for a mail; it is tried again later.", server_said=said(answer))
    refused = item_failure(answer)
    if isinstance(refused, VersionConflict) and may_conflict:
        return False
    raise refused from answer
