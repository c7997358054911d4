"""Tells Django of the tables of people and rights."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """People and rights."""

    name = "safelight.access"
    label = "access"
