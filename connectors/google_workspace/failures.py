"""Google's answers, turned into the errors of `sync_engine.errors` by their meaning."""

from __future__ import annotations

from connectors.google_workspace.answers import Answer
from connectors.retry_after import seconds_of
from connectors.statuses import named
from sync_engine.errors import (
    AccountError,
    CursorExpired,
    ItemError,
    NoAccess,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SyncError,
    Throttled,
    Unavailable,
    VersionConflict,
)

DEFAULT_WAIT = 1.0  # seconds, where Google only says that it is too much; doubled for each further try
PERSISTENT_WAIT = 30.0  # seconds, when it was too much several times: quotas are counted by the minute
QUOTA_WAIT = 900.0  # seconds, when the quota of the day or of the project is used up
READ_TRIES = 3
PASSING = frozenset({500, 502, 503, 504})  # a read is repeated
_TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "sharingRateLimitExceeded"}
_USED_UP = {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg", "variableTermLimitExceeded"}
OVERFLOW = "MY_CONTACTS_OVERFLOW_COUNT"
"""In the words of the refusal (429) of one contact too many."""
_EXPIRED = {"fullSyncRequired", "updatedMinTooLongAgo", "EXPIRED_SYNC_TOKEN"}
_NO_SCOPE = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes"}
_NOT_SWITCHED_ON = {"accessNotConfigured", "SERVICE_DISABLED"}
_NO_RIGHT = {"forbidden", "requiredAccessLevel", "notACalendarUser", "PERMISSION_DENIED", "domainPolicy"}
_OF_THE_ITEM = {"forbiddenForNonOrganizer", "eventTypeRestriction", "malformedWorkingLocationEvent"}
_NOT_THERE = {"notFound", "deleted", "NOT_FOUND", "GONE"}
_STALE = {"FAILED_PRECONDITION", "failedPrecondition", "conditionNotMet"}


class Expired(CursorExpired):
    """A sync token is worth nothing any more: list everything (C3, P2)."""


class Gone(VersionConflict):
    """Not there, or deleted before: a conflict for an update, fine for a deletion."""


class Duplicate(VersionConflict):
    """Something with this id is there already, perhaps deleted."""


class Garbled(Unavailable):
    """A good status with something that is no answer of Google's: cut off, or a portal's page (SYNC.md R01)."""


def is_gone(answer: Answer) -> bool:
    """Whether Google itself says clearly that there is nothing under this id."""
    return answer.status in {404, 410} and answer.is_googles and not answer.reasons & _EXPIRED


def is_expired(answer: Answer) -> bool:
    """Whether a sync token is worth nothing any more: 410 at Calendar, 400 at People."""
    if answer.status not in {400, 410} or not answer.is_googles:
        return False
    words = answer.words.lower().replace(" ", "")
    return bool(answer.reasons & _EXPIRED) or (answer.status == 400 and "synctoken" in words)


def is_throttled(answer: Answer) -> bool:
    """Whether Google asks to wait, and says so that it did nothing. That an address book is full is no such thing."""
    if OVERFLOW in answer.words:
        return False
    return answer.status == 429 or (answer.status == 403 and bool(answer.reasons & (_TOO_FAST | _USED_UP)))


def wait_of(answer: Answer) -> float | None:
    """Seconds that Google asks to wait; 0 where it does not say how long; None when it does not ask."""
    told = seconds_of(answer.headers.get("retry-after", ""))
    if is_throttled(answer):
        if told is None and answer.status == 403 and answer.reasons & _USED_UP:
            return QUOTA_WAIT
        return told or 0.0
    return told if answer.status == 503 else None


def throttled(answer: Answer, what: str, seconds: float) -> Throttled:
    """What an answer stands for that `is_throttled`, or names a time; it is asked again after these seconds."""
    if answer.status == 403 and answer.reasons & _USED_UP:
        text = "Google's quota is used up ({what}: HTTP {status}); it is asked again in {seconds:.0f} seconds. If that "
        text += "happens often, ask for more in the Google Cloud console."
    elif seconds_of(answer.headers.get("retry-after", "")) is None:
        text = "It was too much at once for Google ({what}: HTTP {status}); it is asked again in {seconds:.0f} seconds."
    else:
        text = "Google asks to wait {seconds:.0f} seconds ({what}: HTTP {status}); it is asked again after that."
    message = text.format(what=what, status=answer.status, seconds=seconds)
    return Throttled(message, retry_after=seconds, server_said=answer.words)


def failure(answer: Answer, what: str, *, writing: bool) -> SyncError:
    """The error that an answer which is not `ok` stands for."""
    return write_failure(answer, what) if writing else read_failure(answer, what)


def read_failure(answer: Answer, what: str) -> SyncError:
    """The error for something that could not be read."""
    if (found := account_failure(answer, what)) is not None:
        return found
    if is_expired(answer):
        message = "Google has forgotten where we were; everything is listed once."
        return Expired(message, server_said=answer.words)
    if is_gone(answer):
        return Gone(f"It is not at Google any more ({what}).", server_said=answer.words)
    if 200 <= answer.status < 300:
        message = f"Google sent something that is no answer ({what}); is the account's URL right?"
        return Garbled(message, server_said=answer.words)
    if answer.status == 403 and answer.is_googles:
        return _no_access(answer, what)
    message = f"Google answered HTTP {named(answer.status)} ({what}); it is tried again later."
    return Unavailable(message, server_said=answer.words)


def write_failure(answer: Answer, what: str) -> SyncError:
    """The error for a write that was refused or whose outcome is open."""
    if _is_open(answer):
        message = f"Google failed during a write ({what}: HTTP {answer.status}); it is checked by a read."
        return OutcomeUnknown(message, server_said=answer.words)
    return account_failure(answer, what) or _item_failure(answer, what)


def _is_open(answer: Answer) -> bool:
    """Whether it may have been done all the same: no answer, a failure on the way, or a page of somebody else."""
    if answer.status in {0, 408} or 200 <= answer.status < 300 or (answer.status >= 500 and answer.status != 501):
        return True
    return not answer.is_googles and answer.status not in {400, 401, 413, 414, 429} and not 300 <= answer.status < 400


def _item_failure(answer: Answer, what: str) -> ItemError | AccountError:
    if is_gone(answer):
        return Gone(f"The item is not at Google any more ({what}).", server_said=answer.words)
    if answer.status == 409 and "duplicate" in answer.reasons:
        return Duplicate(f"Something with this id is at Google already ({what}).", server_said=answer.words)
    if answer.status in {409, 412} or (answer.status == 400 and answer.reasons & _STALE):
        return VersionConflict(f"The item was changed at Google ({what}).", server_said=answer.words)
    if answer.status == 403 and answer.reasons & _NO_RIGHT and not answer.reasons & _OF_THE_ITEM:
        return _no_access(answer, what)
    message = f"Google refuses this item ({what}: HTTP {named(answer.status)})."
    return Rejected(message, server_said=answer.words)


def account_failure(answer: Answer, what: str) -> AccountError | None:
    """The error for an answer that concerns the account, not one item; None when it may be about the item."""
    if (seconds := wait_of(answer)) is not None:
        return throttled(answer, what, seconds or PERSISTENT_WAIT)
    if answer.status == 401:
        message = f"Google refused the sign-in ({what}); sign in again."
        return NotAuthorised(message, server_said=answer.words)
    if answer.status == 403 and answer.reasons & (_NO_SCOPE | _NOT_SWITCHED_ON):
        return _no_access(answer, what)
    if 300 <= answer.status < 400:
        message = f"Google redirects, and the token goes to no other address ({what}); check the account's URL."
        return Unavailable(message, server_said=answer.words)
    return None


def _no_access(answer: Answer, what: str) -> NoAccess:
    if answer.reasons & _NO_SCOPE:
        message = f"The sign-in does not allow this ({what}); sign in again, and allow all that is asked for."
    elif answer.reasons & _NOT_SWITCHED_ON:
        message = f"The API is not switched on in the Google Cloud project ({what}); enable it there."
    else:
        message = f"Google does not allow this account to do this ({what}); check what is shared with it."
    return NoAccess(message, server_said=answer.words)
