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
# # A city from Python
#
# The embedded city as tables of polars and geopandas. Run it from the folder of the repository, as a script or as a
# notebook (Jupyter with jupytext opens this file as one).

# %%
import polars as pl

import fleet_planner as fp

city = fp.load("inputs/coquimbo/plan.toml")
city

# %% [markdown]
# ## What is there
#
# Roads are directed links, vehicles the rows of the checked registry.

# %%
roads = city.roads()
roads[["link_id", "name", "road_class", "length_km"]].head()

# %%
fleet = city.vehicles().group_by("stream").agg(pl.col("count").sum()).sort("count", descending=True)
fleet

# %% [markdown]
# ## Run it
#
# The baseline and the plan's scenarios, nothing written yet.

# %%
result = city.run()
summary = result.table("summary")
nox = summary.filter(pollutant="NOx").select("scenario", "value_per_year", "unit", "change_pct")
nox

# %% [markdown]
# ## Where it falls
#
# Kilograms of NOx a day by link, before and after; the street that gains most.

# %%
before, after = result.links(), result.links("electric_buses")
gain = before.assign(saved_kg=before["nox_kg_per_day"] - after["nox_kg_per_day"])
named = gain.merge(roads[["link_id", "name"]], on="link_id")
streets = named[named["name"] != ""].groupby("name")["saved_kg"].sum().sort_values(ascending=False)
streets.head(10)

# %% [markdown]
# ## Hand it on
#
# The run directory with map, tables, report and manifest, as the command line writes it; any program can read it later.

# %%
saved = result.save("outputs/from_python")
again = fp.open_run(saved.folder)
assert again.table("summary").equals(summary)
again.layers
