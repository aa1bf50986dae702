"""Fetch the drive network of a place from OpenStreetMap, over the internet."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.network.builtin import cache_base
from fleet_planner.network.graphs import graph_source
from fleet_planner.network.segments import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.progress import Progress

PAUSES_S = (5.0, 30.0)
"""Between the tries, where the server does not answer; osmnx itself waits where it says that it is busy (429, 504)."""

TIMEOUT_S = 180
TAGS = (
    "access",
    "motor_vehicle",
    "motorcar",
    "vehicle",
    "hgv",
    "maxweight",
    "maxweightrating",
    "maxweight:hgv",
    "maxweightrating:hgv",
    "bus",
    "psv",
    "lanes:forward",
    "lanes:backward",
    "maxspeed:forward",
    "maxspeed:backward",
    "lanes:psv",
    "lanes:bus",
    "bus:lanes",
    "psv:lanes",
    "busway",
)


def read_place(place: str, hint: str, progress: Progress, pauses_s: tuple[float, ...] = PAUSES_S) -> Source:
    """Fetch the drive network of a place; answers are kept in ``<user's cache>/fleet_planner/osmnx``.

    Before a question osmnx asks the server for a free slot and waits for it. Where no answer comes, the question is
    put again after each of ``pauses_s``.

    Raises
    ------
    InputError
        The place is unknown or the internet cannot be reached.
    """
    import osmnx
    from requests.exceptions import RequestException

    folder = cache_base() / "osmnx"
    with _settings(osmnx, folder):
        for pause in (*pauses_s, None):
            try:
                progress(f"fetching {place} from OpenStreetMap", 0.05)
                graph = osmnx.graph_from_place(place, network_type="drive")
                break
            except (RequestException, OSError, osmnx._errors.ResponseStatusCodeError) as error:  # noqa: SLF001  # osmnx exports it nowhere else
                if pause is None:
                    raise _refusal(error, place, hint) from error
                progress(f"no answer; next try in {pause:.0f} s", 0.05)
                time.sleep(pause)
            except (ValueError, TypeError) as error:
                raise _refusal(error, place, hint) from error
    source = graph_source(graph, place)
    kept = Finding("network.place_kept", "info", {"folder": str(folder)})
    return Source(source.segments, source.attribution, place, (*source.findings, kept), source.kind)


def _refusal(error: Exception, place: str, hint: str) -> InputError:
    return InputError(
        f"OpenStreetMap could not be asked for this place: {type(error).__name__}",
        hint
        or "Download an extract (.osm.pbf) from Geofabrik (download.geofabrik.de) or BBBike "
        "(extract.bbbike.org), put it beside the plan and set network.file.",
        column="network.place",
        value=place,
    )


@contextmanager
def _settings(osmnx: Any, folder: Path) -> Iterator[None]:
    """Set what osmnx keeps as global settings, and put the old ones back."""
    wanted = {
        "use_cache": True,
        "cache_folder": str(folder),
        "overpass_rate_limit": True,
        "requests_timeout": TIMEOUT_S,
        "useful_tags_way": sorted({*osmnx.settings.useful_tags_way, *TAGS}),
    }
    before = {name: getattr(osmnx.settings, name) for name in wanted}
    try:
        for name, value in wanted.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
