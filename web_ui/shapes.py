"""What the bodies of requests have in common."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MOST = 2**62  # larger numbers are no keys of ours
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")  # all but tabulators and ends of lines
_DEEPEST = 20
_UNFIT = "there are control characters or half characters in it, or it is nested too deep"


def _fit(sent: Any, depth: int = 0) -> bool:
    """A NUL is more than some databases take; half a surrogate pair can be written nowhere; nothing of ours is deep."""
    if isinstance(sent, str):
        return _BAD.search(sent) is None
    if not isinstance(sent, (dict, list)):
        return True
    inner = [*sent.keys(), *sent.values()] if isinstance(sent, dict) else sent
    return depth < _DEEPEST and all(_fit(one, depth + 1) for one in inner)


def _plain(text: str) -> str:
    if not _fit(text):
        raise ValueError(_UNFIT)
    return text


def _within_reason(at: datetime) -> datetime:
    """Else it could not be told in another zone."""
    if not EARLIEST <= at < LATEST:
        raise ValueError("the time must be between 1900 and 2200")
    return at


Id = Annotated[int, Path(gt=0, lt=MOST, description="Its id.")]
Number = Annotated[int, Path(ge=0, lt=10**6, description="Its number.")]
Key = Annotated[int, Field(gt=0, lt=MOST)]
Limit = Annotated[int, Field(gt=0, le=200, description="How many at most.")]
After = Annotated[str, Field(max_length=500, description="`after` of the page before; empty for the first one.")]
Address = Annotated[str, Field(max_length=320, description="Of mail.")]
Text = Annotated[str, Field(max_length=20_000)]
Moment = Annotated[AwareDatetime, AfterValidator(_within_reason)]
Word = Annotated[str, AfterValidator(_plain), Path(min_length=1, max_length=320)]
Version = Annotated[
    int | None, Field(ge=0, lt=2**31, description="Of the request as you looked at it; or send If-Match.")
]


class Body(BaseModel):
    """Unknown fields are refused, so that a slip of the pen is seen; so are control characters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _no_control_characters(cls, sent: Any) -> Any:
        if not _fit(sent):
            raise ValueError(_UNFIT)
        return sent


class Asked(Body):
    """The query of a GET. A misspelt filter must not list everything, so unknown names are refused here, too."""


class Order(Body):
    """All of them, in their new order."""

    ids: Annotated[tuple[Key, ...], Field(max_length=1000)]


class Problem(BaseModel):
    """What went wrong."""

    error: str = Field(description="One sentence for a person.")
    missing: list[str] | None = Field(None, description="What is to be given first.")
    fields: list[str] | None = Field(None, description="Which fields are wrong.")
    version: int | None = Field(None, description="Of the object now, where somebody else changed it.")


class Done(BaseModel):
    """It is done, and there is nothing more to say."""

    done: bool = True
