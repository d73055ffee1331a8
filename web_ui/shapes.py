"""What the bodies of requests have in common."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST = 2**62  # larger numbers are no keys of ours
_ALLOWED = "\n\r\t"

Id = Annotated[int, Path(gt=0, lt=MOST, description="Its id.")]
Number = Annotated[int, Path(ge=0, lt=10**6, description="Its number.")]
Key = Annotated[int, Field(gt=0, lt=MOST)]
Limit = Annotated[int, Field(gt=0, le=200, description="How many at most.")]
After = Annotated[str, Field(max_length=500, description="`after` of the page before; empty for the first one.")]
Address = Annotated[str, Field(max_length=320, description="Of mail.")]
Text = Annotated[str, Field(max_length=20_000)]
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
            raise ValueError("there are control characters or half characters in it")
        return sent


class Asked(Body):
    """The query of a GET. A misspelt filter must not list everything, so unknown names are refused here, too."""


class Done(BaseModel):
    """It is done, and there is nothing more to say."""

    done: bool = True


def _fit(sent: Any) -> bool:
    """A NUL is more than some databases take; half a surrogate pair can be written nowhere."""
    if isinstance(sent, str):
        return all(c >= " " or c in _ALLOWED for c in sent) and not any("\ud800" <= c <= "\udfff" for c in sent)
    if isinstance(sent, dict):
        return all(_fit(name) and _fit(inner) for name, inner in sent.items())
    return all(map(_fit, sent)) if isinstance(sent, list) else True
