"""Air near roads: what a line of traffic brings to a point, by the weather."""
