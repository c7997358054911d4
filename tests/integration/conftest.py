"""Integration tests import models at the top of their modules: Django is set up before they are collected."""

from safelight.platform.database import set_up_django

set_up_django()
