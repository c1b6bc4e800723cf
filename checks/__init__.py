"""The gate: Great Expectations over a candidate, before it may get its name."""
