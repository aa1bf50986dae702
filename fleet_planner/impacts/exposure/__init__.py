"""Who breathes what the traffic emits."""
