# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Many scenarios, one reading
#
# How far do filters and battery buses go, and does the answer hold when trips are shorter? The roads are read once; a
# scenario takes a fraction of a second.

# %%
import polars as pl

import fleet_planner as fp

city = fp.load("inputs/coquimbo/plan.toml")
shares = (0.0, 0.5, 1.0)

# %% [markdown]
# ## Every combination of two measures

# %%
rows = []
for filters in shares:
    for buses in shares:
        measures = [
            {"measure": "dpf_passive", "uptake": filters},
            {"measure": "bev_bus", "streams": ["urban_bus"], "uptake": buses},
        ]
        found = city.evaluate(fp.scenario("mix", *(m for m in measures if m["uptake"] > 0.0)))
        cost = found.costs["total_usd2024_per_year"].sum()
        rows.append((filters, buses, found.change_pct("PM_exhaust"), found.change_pct("CO2"), cost))

table = pl.DataFrame(rows, schema=["filters", "buses", "pm_pct", "co2_pct", "usd_per_year"], orient="row")
table

# %% [markdown]
# The larger the uptake, the less is emitted, whatever the other measure does.

# %%
for _, part in table.group_by("buses"):
    assert part.sort("filters")["pm_pct"].is_sorted(descending=True)
for _, part in table.group_by("filters"):
    assert part.sort("buses")["co2_pct"].is_sorted(descending=True)

# %% [markdown]
# ## The same under another plan
#
# Shorter trips mean more cold starts: more is emitted before, and the buses' share of it is smaller. `with_` keeps the
# roads.

# %%
buses = fp.scenario("buses", {"measure": "bev_bus", "streams": ["urban_bus"]})
short = city.with_({"climate.mean_trip_km": 3.0})
usual, shorter = city.evaluate(buses), short.evaluate(buses)
assert shorter.summary["baseline_per_year"].sum() > usual.summary["baseline_per_year"].sum()
assert usual.change_pct("CO") < shorter.change_pct("CO") < 0.0
{"usual": usual.change_pct("CO"), "shorter trips": shorter.change_pct("CO"), "altered": short.altered}
