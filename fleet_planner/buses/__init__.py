"""Electric buses from the timetable: blocks, energy, state of charge, charging, replacement."""
