"""Rounds import models when they run: Django is set up before they are collected."""

from safelight.platform.database import set_up_django

set_up_django()
