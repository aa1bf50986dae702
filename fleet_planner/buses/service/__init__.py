"""From timetable to blocks: trips of a day, minimum-fleet blocks, ways to depots."""
