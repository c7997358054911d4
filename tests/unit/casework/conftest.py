"""Modules with tables are imported here too; Django is set up for that, which needs no database."""

from safelight.platform.database import set_up_django

set_up_django()
