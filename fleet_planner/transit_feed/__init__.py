"""Timetable feeds (GTFS)."""

from fleet_planner.transit_feed.gtfs import Feed, read_feed, read_feeds

__all__ = ["Feed", "read_feed", "read_feeds"]
