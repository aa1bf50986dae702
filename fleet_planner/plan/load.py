"""Read and check a plan file; every error names file, key, what was found and what is allowed."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from fleet_planner.errors import InputError, PlanError
from fleet_planner.plan.models import Plan, Scenario

if TYPE_CHECKING:
    from pathlib import Path

File = TypeVar("File", bound=BaseModel)


def load_plan(path: Path) -> Plan:
    """Read ``path`` and check it.

    Raises
    ------
    InputError
        The file is missing, unreadable, not UTF-8 or not TOML.
    PlanError
        A key is unknown, missing, of the wrong type or not allowed; all such errors in one message.
    """
    return check_plan(read_toml(path), path)


def read_toml(path: Path, kind: str = "plan") -> dict[str, Any]:
    """Return the content of a TOML file, unchecked; ``kind`` says in messages what file it is.

    Raises
    ------
    InputError
        The file is missing, unreadable, not UTF-8 or not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(
            f"there is no such {kind} file", "Write one with `fleet-planner init DIR`.", file=path
        ) from error
    except IsADirectoryError as error:
        raise InputError("this is a folder", "Name the plan file in it, such as plan.toml.", file=path) from error
    except PermissionError as error:
        raise InputError("the file may not be read", "Check its permissions.", file=path) from error
    except UnicodeDecodeError as error:
        raise InputError(
            "the file is not UTF-8 text", "Save it as UTF-8.", file=path, value=f"byte {error.start}"
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"this is not valid TOML: {error}", "Mend the line.", file=path) from error


def check_plan(data: dict[str, Any], path: Path) -> Plan:
    """Check a parsed plan; ``path`` is for the messages."""
    return checked(Plan, data, path)


def checked(model: type[File], data: dict[str, Any], path: Path) -> File:
    """Return parsed content as a model; ``path`` is for the messages.

    Raises
    ------
    PlanError
        A key is unknown, missing, of the wrong type or not allowed; all such errors in one message.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [_message(e, data, model) for e in error.errors(include_url=False)]
        if len(lines) == 1:
            raise PlanError(lines[0], file=path) from error
        listed = "".join(f"\n  - {line}" for line in lines)
        raise PlanError(f"{len(lines)} entries are wrong:{listed}", file=path) from error


def check_scenario(data: dict[str, Any]) -> Scenario:
    """Check a scenario that stands in no plan file.

    Raises
    ------
    PlanError
        As of `load_plan`.
    """
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        lines = [
            _message({**e, "loc": ("scenario", 0, *e["loc"])}, {"scenario": [data]}, Plan)
            for e in error.errors(include_url=False)
        ]
        raise PlanError("; ".join(lines)) from error


def _message(error: Any, data: dict[str, Any], whole: type[BaseModel]) -> str:
    location = [part for part in error["loc"] if isinstance(part, (str, int))]
    key = _dotted(location)
    kind = error["type"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(location[-1]), _allowed_keys(whole, location[:-1]), n=1)
        allowed = ", ".join(_allowed_keys(whole, location[:-1]))
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"unknown key {key}; {hint}Allowed here: {allowed}"
    if kind == "missing":
        return f"key {key} is missing"
    text = str(error["msg"]).removeprefix("Value error, ")
    text = text[0].lower() + text[1:]
    found = _at(data, location)
    shown = "" if isinstance(found, dict) or found is None else f" (found: {found!r})"
    return f"key {key}: {text}{shown}" if key else f"{text}{shown}"


def _dotted(location: list[str | int]) -> str:
    """Return ``scenario[2].measure[1].uptake``; list entries count from 1."""
    out = ""
    for part in location:
        out += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if out else ''}{part}"
    return out


def _at(data: Any, location: list[str | int]) -> object | None:
    here = data
    for part in location:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            return None
    return here  # type: ignore[no-any-return]  # any value of the user's may stand here


def _allowed_keys(model: type[BaseModel], location: list[str | int]) -> list[str]:
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _model_of(field.annotation) if field else None
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _model_of(argument):
            return found
    return None
