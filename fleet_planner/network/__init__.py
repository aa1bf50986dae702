"""The road network: every source becomes the same table of directed links."""

from fleet_planner.network.builtin import builtin_gtfs, builtin_zones
from fleet_planner.network.elevation import Graded, with_grade
from fleet_planner.network.load import links_geometry, load_network, read_network, write_network
from fleet_planner.network.model import Network

__all__ = [
    "Graded",
    "Network",
    "builtin_gtfs",
    "builtin_zones",
    "links_geometry",
    "load_network",
    "read_network",
    "with_grade",
    "write_network",
]
