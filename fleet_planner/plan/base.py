"""What all sections of a plan share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]


class Section(BaseModel):
    """Base of all sections: immutable, no unknown keys, no silent coercion of text to numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
