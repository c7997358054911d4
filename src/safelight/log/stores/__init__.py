"""Drivers of the tile store."""
