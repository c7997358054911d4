"""Tells Django of the log's table."""

from django.apps import AppConfig


class LogConfig(AppConfig):
    """The log."""

    name = "safelight.log"
    label = "log"
