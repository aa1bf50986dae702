"""Many scenarios, and the least-cost mix."""
