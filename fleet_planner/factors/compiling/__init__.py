"""A plan's choices and every process compiled to dense arrays for the kernels."""
