"""Training on a named snapshot; every run records which bytes it saw."""
