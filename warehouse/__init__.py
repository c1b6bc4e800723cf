"""Landed bytes to text, text to corpus, corpus to named snapshots."""
