"""Tells Django of the known base's tables."""

from django.apps import AppConfig


class KnownConfig(AppConfig):
    """The known base."""

    name = "safelight.known"
    label = "known"
