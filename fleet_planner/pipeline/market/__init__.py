"""Carbon markets of cities."""
