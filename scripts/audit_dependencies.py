"""Hold the installed dependencies against the known advisories (pip-audit); tell when these cannot be reached.

    python scripts/audit_dependencies.py [pip-audit command]

Ends with 1 where a dependency has a known vulnerability. Without a way to the index of advisories it says so and ends with 0:
a machine without the internet may not fail for that, but nobody may think that it was audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 300
OWN = {"fleet-planner"}


@dataclass(frozen=True)
class Audit:
    """What was found.

    Parameters
    ----------
    audited
        Names of the packages that were looked up.
    skipped
        Packages and why they were not.
    vulnerable
        One line for each advisory.
    """

    audited: tuple[str, ...]
    skipped: dict[str, str]
    vulnerable: tuple[str, ...]


def read_audit(told: dict[str, Any]) -> Audit:
    """Return what ``pip-audit --format json`` tells."""
    rows = [row for row in told["dependencies"] if row["name"] not in OWN]
    skipped = {row["name"]: row["skip_reason"] for row in rows if "skip_reason" in row}
    lines = [
        f"{row['name']} {row['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version'}"
        for row in rows
        for found in row.get("vulns", ())
    ]
    return Audit(tuple(row["name"] for row in rows if row["name"] not in skipped), skipped, tuple(lines))


def main(command: list[str]) -> int:
    """Run the audit and tell."""
    arguments = [*command, "--local", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENCE_S, check=False)  # noqa: S603  # the audit's own
        audit = read_audit(json.loads(done.stdout))
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError, KeyError) as error:
        print(f"NOT AUDITED: the index of advisories cannot be reached ({type(error).__name__}).")
        return 0
    for line in audit.vulnerable:
        print(f"vulnerable: {line}")
    if not audit.audited:
        print(f"NOT AUDITED: the index of advisories knows none of {len(audit.skipped)} packages; it is no full index.")
        return 0
    print(
        f"{len(audit.audited)} packages audited, {len(audit.vulnerable)} advisories, {len(audit.skipped)} not looked up."
    )
    return int(bool(audit.vulnerable))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [sys.executable, "-m", "pip_audit"]))
