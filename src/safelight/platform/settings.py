"""What the environment says, read once and frozen; and the data folder that it names.

Rules kept here:
- each setting is described in `docs/settings.md` (a test compares);
- an insecure setting refuses to start: a data folder that others can list, write or own, a database reached over a
  network without verified TLS;
- a demonstration folder is marked before it holds a database, and never afterwards.
"""

import os
import stat
from functools import lru_cache
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from safelight.errors import CannotRunError, UsageError

DEMO = "DEMO"
DATABASE_FOLDER = "postgres"

_DEMO_TEXT = (
    "This folder holds a demonstration: generated pictures and made-up lists only. Real lists are refused here.\n"
)


class InsecureSettingError(UsageError):
    """A setting would expose what must be protected."""


class Settings(BaseSettings):
    """Every setting of an installation. Construct it with keyword arguments to override the environment."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="SAFELIGHT_", extra="forbid", hide_input_in_errors=True, populate_by_name=True
    )

    data: Path = Field(
        default_factory=lambda: user_data_path("safelight"),
        description="The data folder: database, kept content, quarantined rows. Created with mode 0700.",
    )
    key_file: Path | None = Field(
        default=None,
        description="A file that unlocks the node's keys instead of a passphrase. Refused inside the data folder.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="A PostgreSQL of your own, version 15 or later, instead of the embedded one.",
    )
    database_user: str | None = Field(
        default=None,
        description="Only when run as root: the account that the embedded PostgreSQL runs as.",
    )
    database_wait: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds to wait for the embedded PostgreSQL to start, recover or stop.",
    )

    @field_validator("data")
    @classmethod
    def _absolute(cls, data: Path) -> Path:
        return data.expanduser().absolute()


def read_settings(**overrides: object) -> Settings:
    """Read the environment, with `overrides` (by field name) above it.

    Raises:
        UsageError: A value has the wrong form; the message names the setting and never shows its value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks each value
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "a setting"
        raise UsageError(f"Setting {where} cannot be used: {first['msg']}.") from None


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read from the environment the first time."""
    return read_settings()


def prepare_data(settings: Settings) -> Path:
    """Create the data folder if it is missing, and refuse an insecure one.

    Returns:
        The absolute path of the folder, with symbolic links resolved.

    Raises:
        InsecureSettingError: Others can list or write the folder, or it belongs to somebody else.
        CannotRunError: It cannot be created or written.
    """
    data = settings.data
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = data.resolve()
        _refuse_insecure_folder(data)
    except OSError as error:
        raise _unusable(data, error.strerror or str(error)) from error
    return data


def refuse_unusable_data(settings: Settings) -> None:
    """Refuse a data folder that `prepare_data` would refuse, without creating or changing anything.

    Raises:
        InsecureSettingError, CannotRunError: as for `prepare_data`.
    """
    data = settings.data
    there = os.path.lexists(data)
    try:
        place = (data if there else next(one for one in data.parents if os.path.lexists(one))).resolve(strict=True)
        if there:
            _refuse_insecure_folder(place)
        reason = _why_closed(place, there=there)
    except OSError as error:
        raise _unusable(data, error.strerror or str(error)) from error
    if reason:
        raise _unusable(data, reason)


def _why_closed(place: Path, *, there: bool) -> str | None:
    """Why nothing can be written into a folder; `there` where it is the data folder itself, and not what it lies in."""
    if not place.is_dir():
        return f"{place} is not a folder"
    if not os.access(place, os.W_OK | os.X_OK, effective_ids=True):
        return f"{place} cannot be written"
    if not there and os.statvfs(place).f_blocks == 0:  # a view of the kernel, such as /proc, takes no folder of ours
        return f"{place} is not on a disk"
    return None


def _unusable(data: Path, reason: str) -> CannotRunError:
    return CannotRunError(
        f"The data folder {data} cannot be used: {reason}. Free it, or name another with --data or SAFELIGHT_DATA."
    )


def _refuse_insecure_folder(data: Path) -> None:
    found = data.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise InsecureSettingError(f"{data} is not a folder: name another with --data or SAFELIGHT_DATA.")
    if found.st_uid != os.geteuid():
        raise InsecureSettingError(f"The data folder {data} belongs to another user: use a folder of your own.")
    if stat.S_IMODE(found.st_mode) & 0o066:
        raise InsecureSettingError(
            f"Others can read or write the data folder {data}: name another, or make it private with `chmod 700` "
            "if nothing else uses it."
        )


def is_demo(data: Path) -> bool:
    """Tell whether a data folder holds a demonstration."""
    return (data / DEMO).is_file()


def mark_demo(data: Path) -> None:
    """Mark a data folder as a demonstration; a marked one stays marked.

    Raises:
        UsageError: The folder already holds a database that is not a demonstration's.
    """
    if is_demo(data):
        return
    if (data / DATABASE_FOLDER).exists() or (data / "vault").exists():
        raise UsageError(f"{data} already holds real data and cannot become a demonstration: use an empty folder.")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data / DEMO).write_text(_DEMO_TEXT, encoding="utf-8")


def describe_settings() -> dict[str, str]:
    """Return what each setting means, by the name of its environment variable."""
    return {
        str(field.validation_alias or f"SAFELIGHT_{name.upper()}"): field.description or ""
        for name, field in Settings.model_fields.items()
    }
