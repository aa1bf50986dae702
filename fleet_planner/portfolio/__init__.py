"""The least-cost mix for several pollutants: one integer programme, its proof, its front and its regrets."""

from fleet_planner.portfolio.problem import Problem, Row
from fleet_planner.portfolio.solve import Mix, solve

__all__ = ["Mix", "Problem", "Row", "solve"]
