"""What exchangelib raises, turned into the errors of `sync_engine.errors` by its meaning."""

from __future__ import annotations

from exchangelib import errors as ews

from connectors.broken_connections import connection_failure
from connectors.exchange.connection import HttpRefused
from connectors.retry_after import seconds_of
from connectors.statuses import named
from sync_engine.errors import (
    CollectionGone,
    CursorExpired,
    ItemError,
    NoAccess,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SuspectListing,
    SyncError,
    Throttled,
    Unavailable,
    VersionConflict,
)

DEFAULT_WAIT = 30.0  # seconds, for a busy server that does not say how long
_SAID = 300
_BUSY = (ews.ErrorServerBusy, ews.ErrorExceededConnectionCount, ews.ErrorTooManyObjectsOpened)
_PASSING = (
    ews.ErrorTimeoutExpired,
    ews.ErrorInternalServerTransientError,
    ews.ErrorMailboxStoreUnavailable,
    ews.ErrorMailboxMoveInProgress,
    ews.ErrorMailboxFailover,
    ews.ErrorADUnavailable,
    ews.ErrorADOperation,
    ews.ErrorConnectionFailed,
    ews.ErrorInsufficientResources,
    ews.ErrorBatchProcessingStopped,
    ews.ErrorNoRespondingCASInDestinationSite,
    ews.ErrorProxyRequestProcessingFailed,
)
_MAY_BE_DONE = (*_PASSING, ews.ErrorInternalServerError)
"""Of a whole request that writes; what else is said of one is said before anything of it is done."""
_NOBODY = (ews.ErrorNonExistentMailbox, ews.ErrorMissingInformationEmailAddress, ews.ErrorNonPrimarySmtpAddress)
_NO_IMPERSONATION = (
    ews.ErrorImpersonateUserDenied,
    ews.ErrorImpersonationDenied,
    ews.ErrorImpersonationFailed,
    ews.ErrorInvalidExchangeImpersonationHeaderData,
)
_NO_RIGHT = (ews.ErrorAccessDenied, ews.ErrorAccountDisabled)
_NO_SIGN_IN = (ews.UnauthorizedError, ews.ErrorPasswordExpired)
_NO_FOLDER = (
    ews.ErrorFolderNotFound,
    ews.ErrorSyncFolderNotFound,
    ews.ErrorInvalidFolderId,
    ews.ErrorInvalidIdMalformed,
    ews.ErrorInvalidId,
)
_TOO_OLD = (
    ews.ErrorInvalidServerVersion,
    ews.ErrorIncorrectSchemaVersion,
    ews.ErrorInvalidSchemaVersionForMailboxVersion,
)
_CONFLICT = (
    ews.ErrorIrresolvableConflict,
    ews.ErrorStaleObject,
    ews.ErrorInvalidChangeKey,
    ews.ErrorObjectTypeChanged,
    ews.ErrorCalendarCannotUpdateDeletedItem,
)
_UNREADABLE = (ews.SOAPError, ews.MalformedResponseError)


def said(err: BaseException) -> str:
    """The server's own words."""
    if isinstance(err, HttpRefused):
        return ""
    words = " ".join(str(err).split())[:_SAID]
    return f"{type(err).__name__}: {words}" if isinstance(err, ews.ResponseMessageError) else words


def failure(err: Exception, host: str, *, writing: bool) -> SyncError:
    """The error for a request that failed as a whole; `OutcomeUnknown` for a write that may have been done."""
    if isinstance(err, HttpRefused):
        return _http_failure(err, writing=writing)
    if isinstance(err, ews.ResponseMessageError | ews.UnauthorizedError):
        if isinstance(err, ews.ErrorTimeoutExpired) and err.__context__ is not None:  # the library's name for it
            return connection_failure(_cause(err), host, writing=writing)
        return _told(err, writing=writing)
    if isinstance(err, _UNREADABLE) or not isinstance(err, ews.EWSError):
        if writing:
            return _unknown(err)
        message = f"{host} answered with something that is no answer of Exchange; is the address right?"
        return SuspectListing(message, server_said=said(err))
    if err.__context__ is not None:  # of TLS
        return connection_failure(_cause(err), host, writing=writing)
    return _unknown(err) if writing else Unavailable("Exchange failed; it is tried again later.", server_said=said(err))


def _cause(err: Exception) -> Exception:
    cause = err.__context__
    return cause if isinstance(cause, Exception) else err


def _unknown(err: Exception) -> OutcomeUnknown:
    return OutcomeUnknown("Exchange failed during a write; it is checked by a read.", server_said=said(err))


def _told(err: Exception, *, writing: bool) -> SyncError:
    """What Exchange itself says of a whole request."""
    if isinstance(err, _BUSY):
        wait = getattr(err, "back_off", None) or DEFAULT_WAIT
        return Throttled(f"Exchange asks to wait {wait:.0f} seconds.", retry_after=wait, server_said=said(err))
    if isinstance(err, ews.ErrorInvalidSyncStateData):
        return CursorExpired("Exchange has forgotten where we were; everything is listed once.", server_said=said(err))
    if isinstance(err, _NO_FOLDER):
        message = "The folder is not in the mailbox any more; bind another one."
        return CollectionGone(message, server_said=said(err))
    if (refused := _not_authorised(err)) is not None:
        return refused
    if isinstance(err, _TOO_OLD):
        message = "This server is older than Exchange 2016, or the mailbox is on one that is; it cannot be synced."
        return Unavailable(message, server_said=said(err))
    if isinstance(err, _MAY_BE_DONE) or not writing:
        return (
            _unknown(err)
            if writing
            else Unavailable("Exchange failed; it is tried again later.", server_said=said(err))
        )
    return Rejected("Exchange refuses this item.", server_said=said(err))


def _not_authorised(err: Exception) -> NotAuthorised | None:
    if isinstance(err, _NO_IMPERSONATION):
        message = "This sign-in may not act for the mailbox; give it the management role ApplicationImpersonation."
    elif isinstance(err, _NOBODY):
        message = "There is no mailbox of this address at the server; check the account's mailbox."
    elif isinstance(err, _NO_RIGHT):
        message = "Exchange does not give this sign-in the right to the mailbox or folder; check its permissions."
    elif isinstance(err, _NO_SIGN_IN):
        message = "Exchange refuses the sign-in; check user name and password."
        return NotAuthorised(message, server_said=said(err))
    else:
        return None
    return NoAccess(message, server_said=said(err))


# ---------------------------------------------------------------- answers that are not EWS's


def _http_failure(err: HttpRefused, *, writing: bool) -> SyncError:
    status = err.status
    wait = seconds_of(err.headers.get("Retry-After", ""))
    if status == 429 or (status == 503 and wait is not None):
        seconds = DEFAULT_WAIT if wait is None else wait
        return Throttled(f"Exchange asks to wait {seconds:.0f} seconds (HTTP {status}).", retry_after=seconds)
    if status == 401 or b"account is currently locked out" in err.body:
        return NotAuthorised("Exchange refuses the sign-in (HTTP 401); check user name and password.")
    if status == 403:
        return NoAccess(
            "The server does not let this account use EWS (HTTP 403). On premises: switch EWS on for the mailbox "
            "(Set-CASMailbox -EwsEnabled). For Exchange Online, choose the connector microsoft365: EWS is off there."
        )
    if 300 <= status < 400 or status in {404, 405}:
        return Unavailable(
            f"There is no EWS at this address (HTTP {status}); it mostly ends in /EWS/Exchange.asmx.",
            server_said=err.headers.get("Location", "")[:_SAID],
        )
    if writing and (status >= 500 or status < 400):
        return OutcomeUnknown(f"Exchange failed during a write (HTTP {named(status)}); it is checked by a read.")
    return Unavailable(f"Exchange answered HTTP {named(status)}; it is tried again later.")


# ---------------------------------------------------------------- of single items


def is_gone(answer: object) -> bool:
    """The server's clear word that there is nothing under an item's id."""
    return isinstance(answer, ews.ErrorItemNotFound)


def may_pass(err: Exception) -> bool:
    """Of one item of a batch: about the server, not the item."""
    return isinstance(err, _BUSY + _PASSING)


def is_internal(err: SyncError) -> bool:
    """A failure of the server's own, which may be for ever."""
    cause = err.__cause__
    return isinstance(cause, ews.ErrorInternalServerError) or (isinstance(cause, HttpRefused) and cause.status == 500)


def item_failure(err: Exception) -> ItemError | OutcomeUnknown:
    """What came of one write of a batch that failed."""
    if is_gone(err):
        return VersionConflict("The item is not in the mailbox any more.", server_said=said(err))
    if isinstance(err, _CONFLICT):
        return VersionConflict("The item was changed in Exchange.", server_said=said(err))
    if may_pass(err):
        return OutcomeUnknown("Exchange was not ready for this item; it is tried again later.", server_said=said(err))
    if isinstance(err, ews.ErrorQuotaExceeded):
        return Rejected("The mailbox is full; make room, then retry.", server_said=said(err))
    return Rejected("Exchange refuses this item.", server_said=said(err))
