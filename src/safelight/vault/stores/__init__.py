"""Drivers of the object store. Each passes `tests/conformance/test_object_store.py`."""
