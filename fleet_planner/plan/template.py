"""The commented plan that `init` writes, and the JSON schema, both made from the models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from fleet_planner.plan.models import Plan
from fleet_planner.plan.targets import Target


def toml_value(value: Any) -> str:
    """Return ``value`` as TOML text (strings, numbers, booleans, lists, flat tables)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(v) for v in value)}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_value(k)} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    raise TypeError(type(value))


def _commented(line: str) -> str:
    """Return a line as a comment; comments and empty lines stay."""
    return line if not line or line.startswith("#") else f"# {line}"


def _section(model: type[BaseModel], header: str, values: Mapping[str, Any]) -> list[str]:
    lines = [header]
    nested: list[str] = []
    for name, field in model.model_fields.items():
        default = None if field.default is PydanticUndefined else field.default
        if isinstance(default, BaseModel):
            inner = _section(type(default), f"{header.rstrip(']')}.{name}]", values.get(name, {}))
            nested += ["", *(inner if name in values else map(_commented, inner))]
            continue
        if isinstance(values.get(name), list) and values[name] and isinstance(values[name][0], Mapping):
            continue
        text = f"{name} = {toml_value(values.get(name, default if default is not None else ''))}"
        lines.append(f"{'' if name in values else '# '}{text}  # {field.description}")
    return lines + nested


def plan_template(values: Mapping[str, Any]) -> str:
    """Return a commented plan: keys in ``values`` are set, all others stand as comments with their default.

    Parameters
    ----------
    values
        The plan as nested mappings, as `tomllib` would read it.
    """
    lines = ["# A plan for fleet-planner. Lines that begin with # show defaults; remove the # to change them."]
    for name, field in Plan.model_fields.items():
        model = field.annotation
        if not isinstance(model, type):  # lists of tables, below
            continue
        assert issubclass(model, BaseModel)
        lines += ["", *_section(model, f"[{name}]", values.get(name, {}))]
        for key, entries in values.get(name, {}).items():
            if isinstance(entries, list) and entries and isinstance(entries[0], Mapping):
                for entry in entries:
                    lines += ["", f"[[{name}.{key}]]", *(f"{k} = {toml_value(v)}" for k, v in entry.items())]
    for scenario in values.get("scenario", ()):
        lines += ["", "[[scenario]]"]
        lines += [f"{k} = {toml_value(v)}" for k, v in scenario.items() if k != "measure"]
        for measure in scenario.get("measure", ()):
            lines += ["", "[[scenario.measure]]", *(f"{k} = {toml_value(v)}" for k, v in measure.items())]
    for target in values.get("target", ()):
        lines += ["", "[[target]]", *(f"{k} = {toml_value(v)}" for k, v in target.items())]
    if not values.get("target"):
        lines += ["", "# [[target]]", *(f"# {k} =  # {field.description}" for k, field in Target.model_fields.items())]
    return "\n".join(lines) + "\n"


def plan_schema() -> str:
    """Return the JSON schema of a plan, for editors."""
    return json.dumps(Plan.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
