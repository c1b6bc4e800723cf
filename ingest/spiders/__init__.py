"""Spiders; each lands whatever it was answered and knows nothing of text."""
