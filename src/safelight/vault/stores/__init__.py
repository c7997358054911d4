"""Drivers of the stores, held to them by `tests/conformance/test_object_store.py` and `test_blob_store.py`."""
