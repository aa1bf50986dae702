"""Runs and scenarios side by side: tables, causes, map and page."""
