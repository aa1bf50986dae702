"""What the generators of example registries share: figures in, rows out, files checked or written."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = (
    "vehicle_id",
    "category",
    "fuel",
    "segment",
    "gross_mass_kg",
    "model_year",
    "standard",
    "aftertreatment",
    "stream",
    "km_per_year",
    "share_inside",
    "odometer_km",
    "zone",
    "depot",
    "load_fraction",
    "count",
)
ASSUMPTION_COLUMNS = ("figure_id", "value", "unit", "what", "source", "checked", "assumed", "vkt_share")
OLDEST = 35
Cell = str | int | float
Row = dict[str, Cell]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """One figure with its source."""

    value: float
    unit: str
    year: str
    place: str
    source: str
    checked: str
    assumed: str
    note: str


Figures = Mapping[str, Figure]


@dataclass
class Registry:
    """Rows made so far, and the vehicle-km that rest on each figure."""

    rows: list[Row] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)

    def add(self, rows: Sequence[Row], keys: Iterable[str]) -> None:
        """Append rows and note the figures they rest on."""
        self.rows.extend(rows)
        self.note(rows, keys)

    def note(self, rows: Iterable[Row], keys: Iterable[str]) -> None:
        """Add the vehicle-km of rows to the figures they rest on."""
        km = sum(vkt(row) for row in rows)
        for key in set(keys) - {""}:
            self.used[key] = self.used.get(key, 0.0) + km

    def shares(self) -> dict[str, float]:
        """Return the share of all vehicle-km that rests on each figure."""
        total = sum(vkt(row) for row in self.rows)
        return {key: km / total for key, km in self.used.items()}


def read_figures(name: str) -> dict[str, Figure]:
    """Read a table of figures from the folder of this file."""
    with (ROOT / "scripts" / name).open(encoding="utf-8", newline="") as handle:
        return {
            row["figure_id"]: Figure(
                float(row["value"]),
                row["unit"],
                row["year"],
                row["place"],
                row["source"],
                row["checked"],
                row["assumed"],
                row["note"],
            )
            for row in csv.DictReader(handle)
        }


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV table as text."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def starting_with(figures: Figures, prefix: str) -> dict[str, float]:
    """Return the figures whose name starts with a prefix, by the rest of the name."""
    return {key.removeprefix(prefix): figure.value for key, figure in figures.items() if key.startswith(prefix)}


def normalised(weight: Floats) -> Floats:
    """Return weights that sum to 1."""
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def age_shares(scale_years: float, shape: float, growth: float, first_year: float = 0.5) -> Floats:
    """Return the share of vehicles by age 0, 1, ...: past sales times Weibull survival, summing to 1.

    Parameters
    ----------
    scale_years, shape
        Of the Weibull survival, years and dimensionless.
    growth
        Yearly growth of sales, as a fraction.
    first_year
        Part of the running year's sales that has happened.
    """
    age = np.arange(OLDEST + 1)
    weight = np.asarray((1.0 + growth) ** -age * np.exp(-((age / scale_years) ** shape)), dtype=np.float64)
    weight[0] *= first_year
    return normalised(weight)


def scale_for(share: float, up_to_age: int, shape: float, growth: float, first_year: float = 0.5) -> float:
    """Return the Weibull scale (years) with which a share of the vehicles is at most so old; by bisection."""
    low, high = 2.0, 80.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if age_shares(middle, shape, growth, first_year)[: up_to_age + 1].sum() > share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def km_by_age(mean_km: float, decline: float, ages: Floats) -> Floats:
    """Return the annual distance by age: falling by a fraction a year, with the given mean over the fleet."""
    weight = (1.0 - decline) ** np.arange(len(ages))
    return np.asarray(mean_km * weight / (weight * ages).sum(), dtype=np.float64)


def integer_split(total: int, shares: Iterable[float]) -> list[int]:
    """Split a whole number by shares, largest remainders first."""
    parts = np.asarray(list(shares), dtype=np.float64)
    exact = parts / parts.sum() * total
    counts = np.floor(exact).astype(np.int64)
    for i in np.argsort(-(exact - counts), kind="stable")[: total - int(counts.sum())]:
        counts[i] += 1
    return [int(c) for c in counts]


def grouped(name: str, base: Mapping[str, Cell], counts: Sequence[int], km: Floats, base_year: int) -> list[Row]:
    """Return one row per model year of a group of vehicles; ``counts`` and ``km`` are by age."""
    return [
        {
            **base,
            "vehicle_id": f"{name}-{base_year - age}",
            "model_year": base_year - age,
            "km_per_year": round(float(km[age])),
            "count": count,
        }
        for age, count in enumerate(counts)
        if count
    ]


def to_csv(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Return rows as CSV text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def vkt(row: Row) -> float:
    """Return the vehicle-km a year inside the city of a registry row."""
    return float(row["km_per_year"]) * float(row["share_inside"]) * float(row["count"])


def assumption_rows(figures: Figures, used: Mapping[str, float]) -> list[dict[str, object]]:
    """Return every figure with the share of the vehicle-km that rests on it."""
    return [
        {
            "figure_id": key,
            "value": f"{figure.value:.10g}",
            "unit": figure.unit,
            "what": f"{key.replace('_', ' ')}{': ' + figure.note if figure.note else ''}",
            "source": f"{figure.source} ({figure.place}, {figure.year})",
            "checked": figure.checked,
            "assumed": figure.assumed,
            "vkt_share": f"{used.get(key, 0.0):.6f}",
        }
        for key, figure in figures.items()
    ]


def registry_files(folder: str, figures: Figures, registry: Registry) -> dict[Path, str]:
    """Return the text of ``registry.csv`` and ``assumptions.csv`` of a city."""
    target = ROOT / "inputs" / folder
    return {
        target / "registry.csv": to_csv(registry.rows, COLUMNS),
        target / "assumptions.csv": to_csv(assumption_rows(figures, registry.shares()), ASSUMPTION_COLUMNS),
    }


def write_or_check(made: Mapping[Path, str]) -> int:
    """Write the files, or with ``--check`` compare them; return the exit status."""
    status = 0
    for path, text in made.items():
        if "--check" in sys.argv[1:]:
            same = path.is_file() and path.read_text(encoding="utf-8") == text
            print(f"{path.relative_to(ROOT)}: {'as committed' if same else 'DIFFERS'}")
            status |= not same
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: {len(text):,} characters")
    return status
