"""Buses where and when their timetable runs them."""
