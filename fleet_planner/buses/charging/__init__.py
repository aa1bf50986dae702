"""When and how fast buses charge: tariffs, caps, load profiles."""
