"""Bytes in, bytes kept: spiders and importers land raw pages as Parquet."""
