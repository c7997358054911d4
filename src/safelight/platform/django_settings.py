"""What Django needs to know. No secret stands here: the database is filled in when it is opened."""

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES: dict[str, dict[str, object]] = {}
INSTALLED_APPS = [
    "safelight.log",
    "safelight.vault",
    "safelight.access",
    "safelight.assertions",
    "safelight.evidence",
    "safelight.known",
    "safelight.casework",
]
TEMPLATES: list[dict[str, object]] = []
MIDDLEWARE: list[str] = []
LOGGING_CONFIG = None
