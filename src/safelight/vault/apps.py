"""Tells Django of the vault's tables."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """The vault."""

    name = "safelight.vault"
    label = "vault"
