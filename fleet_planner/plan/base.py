"""What all sections of a plan share."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]


class Section(BaseModel):
    """Base of all sections: immutable, no unknown keys, no silent coercion of text to numbers, no infinite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_control_characters(cls, value: Any) -> Any:
        """Refuse text that would steer a terminal or cut a line: names of a plan are printed and written everywhere."""
        if isinstance(value, str):
            steering = next((c for c in value if unicodedata.category(c) == "Cc" and c not in "\n\t"), None)
            if steering is not None:
                raise ValueError(f"the text holds the control character U+{ord(steering):04X}; leave it out")
        return value
