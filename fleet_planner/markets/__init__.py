"""Carbon markets: price paths, cities cleared alone and linked, the fleet's ledger, credits of small owners."""

from fleet_planner.markets.clearing import City, Cleared, Linking, Pool, clear
from fleet_planner.markets.ledger import Allowance, ledger, owner_credits

__all__ = ["Allowance", "City", "Cleared", "Linking", "Pool", "clear", "ledger", "owner_credits"]
