"""State of charge over a block, ageing, the worst day; larger battery, split, en-route charger."""
