"""How far the figures of a run may be off: draws of its inputs through the factored inventory."""
