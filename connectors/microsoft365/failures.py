"""Graph's answers, turned into the errors of `sync_engine.errors` by their meaning."""

from __future__ import annotations

from connectors.microsoft365.answers import Answer
from connectors.retry_after import seconds_of
from connectors.statuses import named
from sync_engine.errors import (
    AccountError,
    CollectionGone,
    CursorExpired,
    NoAccess,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SyncError,
    Throttled,
    Unavailable,
    VersionConflict,
)

DEFAULT_WAIT = 30.0  # seconds, for 429 without Retry-After
_NO_MAILBOX = {
    "ErrorInvalidUser",
    "ErrorNonExistentMailbox",
    "MailboxNotEnabledForRESTAPI",
    "MailboxNotHostedInExchangeOnline",
    "MailboxNotSupportedForRESTAPI",
    "Request_ResourceNotFound",
    "ResourceNotFound",
}
"""Of a mailbox that is away: unlicensed, deleted, moved on premises. It says nothing of what is in it."""
_NO_RIGHT = {"ErrorAccessDenied", "Authorization_RequestDenied", "AccessDenied", "Forbidden", "UnknownError", ""}
_NO_REASON = {"UnknownError", ""}
_NOT_THERE = {"ErrorInvalidIdMalformed", "ErrorItemNotFound", "ErrorFolderNotFound", "ErrorInvalidMailboxItemId"}


def is_gone(answer: Answer) -> bool:
    """Whether the server says clearly that there is nothing under this id: Graph itself, with a reason, not a proxy."""
    if answer.status in {404, 410}:
        return answer.code not in {*_NO_MAILBOX, *_NO_REASON}
    return answer.status == 400 and answer.code in _NOT_THERE


def is_without_mailbox(answer: Answer) -> bool:
    """Whether the whole mailbox is away."""
    return answer.code in _NO_MAILBOX


def is_from_another(answer: Answer) -> bool:
    """Whether something that stands in between, such as a portal, says that all is well: it proves nothing."""
    return answer.ok and answer.content.lstrip().startswith(b"<")


def has_expired(answer: Answer) -> bool:
    """Whether a delta token is worth nothing any more; Graph says it with 410, and with 40x (G5)."""
    code = answer.code.lower()
    return answer.status == 410 or (400 <= answer.status < 500 and ("syncstate" in code or "resync" in code))


def expired(answer: Answer) -> CursorExpired:
    """The error for such a token."""
    message = "Microsoft 365 has forgotten where we were; everything is listed once."
    return CursorExpired(message, server_said=answer.words)


def wait_of(answer: Answer) -> float | None:
    """Seconds that the server asks to wait; None when it does not."""
    told = seconds_of(answer.headers.get("retry-after", ""))
    if answer.status == 429:
        return DEFAULT_WAIT if told is None else told
    return told if answer.status == 503 else None


def account_failure(answer: Answer, what: str) -> AccountError | None:
    """The error for an answer that concerns the account, not one item; None when it may be about the item."""
    if (seconds := wait_of(answer)) is not None:
        message = f"Microsoft 365 asks to wait {seconds:.0f} seconds ({what}: HTTP {answer.status})."
        return Throttled(message, retry_after=seconds, server_said=answer.words)
    if answer.status == 401:
        message = f"Microsoft 365 refused the sign-in ({what}); sign in again."
        return NotAuthorised(message, server_said=answer.words)
    if is_without_mailbox(answer):
        message = f"There is no such mailbox in Microsoft 365, or it is not open to apps ({what}); check its address."
        return NoAccess(message, server_said=answer.words)
    if answer.status == 403 and answer.code in _NO_RIGHT:
        message = f"Microsoft 365 does not allow this ({what}); check the permissions of the app and of the user."
        return NoAccess(message, server_said=answer.words)
    if answer.status == 400 and "/me request is only valid" in answer.words:
        message = "An app opens no mailbox of its own; set the account's mailbox, or use the account in a fan-out."
        return NoAccess(message, server_said=answer.words)
    if 300 <= answer.status < 400:
        message = f"Microsoft 365 redirects, and the token goes to no other address ({what}); check the account's URL."
        return Unavailable(message, server_said=answer.words)
    return None


def read_failure(answer: Answer, what: str) -> AccountError:
    """The error for something that could not be read."""
    if (failure := account_failure(answer, what)) is not None:
        return failure
    if is_gone(answer) or (answer.status == 400 and "segment" in answer.words):
        message = f"The collection is not in Microsoft 365 any more ({what}); bind another one."
        return CollectionGone(message, server_said=answer.words)
    message = f"Microsoft 365 answered HTTP {named(answer.status)} ({what}); it is tried again later."
    return Unavailable(message, server_said=answer.words)


def write_failure(answer: Answer, what: str) -> SyncError:
    """The error for a write that was refused or whose outcome is open."""
    if answer.status == 0 or (answer.status >= 500 and answer.status != 501) or is_from_another(answer):
        message = f"Microsoft 365 failed during a write ({what}: HTTP {answer.status}); it is checked by a read."
        return OutcomeUnknown(message, server_said=answer.words)
    if (failure := account_failure(answer, what)) is not None:
        return failure
    if answer.status in {409, 412}:
        return VersionConflict(f"The item was changed in Microsoft 365 ({what}).", server_said=answer.words)
    if is_gone(answer):
        return VersionConflict(f"The item is not in Microsoft 365 any more ({what}).", server_said=answer.words)
    message = f"Microsoft 365 refuses this item ({what}: HTTP {named(answer.status)})."
    return Rejected(message, server_said=answer.words)
