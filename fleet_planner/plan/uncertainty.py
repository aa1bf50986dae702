"""How uncertain the figures of a run are: draws of its inputs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section

InputGroup = Literal[
    "factors", "activity", "fleet", "speeds", "effects", "grid", "costs", "prices", "valuation", "dispersion", "climate"
]
Shape = Literal["lognormal", "normal", "uniform", "triangular"]


LEAST_PUBLISHED = 2


class InputSpread(Section):
    """How one input is distributed, in place of what is packaged."""

    distribution: Shape | None = Field(
        default=None,
        description="lognormal, normal, uniform or triangular; left out: lognormal with low and high, else as packaged",
    )
    low: Positive | None = Field(default=None, description="lower end as a multiple of the run's value, such as 0.8")
    high: Positive | None = Field(default=None, description="upper end as a multiple of the run's value, such as 1.3")
    published: list[Positive] = Field(
        default=[],
        description="instead of low and high: published values as multiples of the run's; the band holds all of them",
    )
    common_share: Fraction | None = Field(
        default=None, description="share of the variance that all inputs of this name have in common"
    )

    @model_validator(mode="after")
    def _has_ends(self) -> InputSpread:
        if self.published:
            if self.low is not None or self.high is not None:
                raise ValueError("give either low and high, or published values")
            if len(set(self.published)) < LEAST_PUBLISHED:
                raise ValueError("one published value has no range: give two or more, 1.0 for the run's own")
            if self.distribution not in (None, "lognormal"):
                raise ValueError("published values make a lognormal: leave the distribution out")
            return self
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high belong together")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low must be below high (found: {self.low} and {self.high})")
        return self


class InputCorrelation(Section):
    """How far two inputs move together."""

    input: str = Field(description="name of an input, such as prices.fuel")
    with_input: str = Field(description="name of the other")
    correlation: Annotated[float, Field(ge=-0.99, le=0.99)] = Field(description="of their normal scores, -0.99 to 0.99")

    @model_validator(mode="after")
    def _of_two(self) -> InputCorrelation:
        if self.input == self.with_input:
            raise ValueError(f"an input has no correlation with itself (found: {self.input} twice)")
        return self


class UncertaintySection(Section):
    """Draws of the inputs and what they make of every figure."""

    draws: int = Field(default=0, ge=0, le=100_000, description="number of draws; 0: none, 1000 is usual")
    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="the same seed gives the same draws")
    method: Literal["sobol", "lhs"] = Field(
        default="sobol", description="how the inputs are sampled: Sobol's sequence, or a Latin hypercube"
    )
    level: Annotated[float, Field(ge=0.5, le=0.999)] = Field(
        default=0.95, description="share of the draws between low and high"
    )
    drivers: bool = Field(default=True, description="whether it is told which inputs make the ranges wide")
    off: list[InputGroup] = Field(default=[], description="groups of inputs that are not drawn")
    inputs: dict[str, InputSpread] = Field(
        default={}, description="distributions of your own by input, such as activity, speeds.peak or activity.car"
    )
    correlation: list[InputCorrelation] = Field(
        default_factory=list[InputCorrelation], description="in place of the packaged correlations"
    )
