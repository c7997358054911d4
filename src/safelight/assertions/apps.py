"""Tells Django of the tables of statements."""

from django.apps import AppConfig


class AssertionsConfig(AppConfig):
    """Assertions."""

    name = "safelight.assertions"
    label = "assertions"
