"""Safelight: recognise known material, put together what belongs together, find children faster."""

__version__ = "0.1.0"
