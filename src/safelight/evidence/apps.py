"""Registers the tables of this package with Django."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Exhibits, items and sightings."""

    name = "safelight.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"
