"""Registers the tables of this package with Django."""

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """Cases, verdicts and stacks."""

    name = "safelight.casework"
    label = "casework"
    default_auto_field = "django.db.models.BigAutoField"
