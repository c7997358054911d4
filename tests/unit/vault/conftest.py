"""Some modules of the vault hold tables: Django is set up before they are imported."""

from safelight.platform.database import set_up_django

set_up_django()
