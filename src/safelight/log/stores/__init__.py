"""Drivers of the tile store. Each passes `tests/unit/log/test_tile_store.py`."""
