"""The records of custody: what was seized, which run read it, what was found where.

Paths are kept as the exact bytes of the source. A sighting is never changed once it is recorded: a place whose content
changed gets a further version, and both stand. Only its identity as it was last met (`met_…`) follows the source.
"""

from django.db import models
from django.db.models import Q


class SightingHow(models.TextChoices):
    """In which way an item was found."""

    FILE = "file"
    ENTRY = "entry"
    EMBEDDED = "embedded"
    DELETED = "deleted"


class SightingState(models.TextChoices):
    """What became of a sighting."""

    EXAMINED = "examined"
    NOT_EXAMINED = "not examined"
    LOCKED = "locked"
    UNREADABLE = "unreadable"


class ItemState(models.TextChoices):
    """What became of a content."""

    PICTURE = "picture"
    VIDEO = "video"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    LOCKED = "locked"
    NO_MEDIA = "no media"
    ERASED = "erased"


class RunState(models.TextChoices):
    """How far a run came."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    BROKEN = "broken"


class Exhibit(models.Model):
    """A seized thing or a received report, within the case it was opened for."""

    case = models.TextField()
    name = models.TextField()
    opened = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "name"], name="evidence_exhibit_once")]


class Run(models.Model):
    """One run over an exhibit: who, when, on which machine, with which command, versions and settings."""

    exhibit = models.ForeignKey(Exhibit, models.PROTECT, related_name="runs")
    number = models.IntegerField()
    by = models.TextField()
    host = models.TextField()
    command = models.TextField()
    started = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    state = models.TextField(choices=RunState.choices)
    versions = models.JSONField()
    settings = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exhibit", "number"], name="evidence_run_once")]


class Source(models.Model):
    """A path that was handed to a run of this exhibit, as exact bytes, resolved."""

    exhibit = models.ForeignKey(Exhibit, models.PROTECT, related_name="sources")
    root = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exhibit", "root"], name="evidence_source_once")]


class Item(models.Model):
    """One distinct content. Its digests and hashes stand in the vault under `signature`; `sealed` is `sealed.Seen`.

    Of one that was erased neither is there, nor anything else that was made of it: it only says that something was.
    """

    signature = models.BigIntegerField(unique=True)
    size = models.BigIntegerField()
    kind = models.TextField()
    state = models.TextField(choices=ItemState.choices)
    reason = models.TextField(null=True)
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    shown_width = models.IntegerField(null=True)
    shown_height = models.IntegerField(null=True)
    orientation = models.SmallIntegerField(null=True)
    frames = models.IntegerField(null=True)
    mode = models.TextField(null=True)
    metadata = models.JSONField(null=True)
    sealed = models.BinaryField(null=True)
    examined_by = models.ForeignKey(Run, models.PROTECT, db_index=False, db_constraint=False)


class Sighting(models.Model):
    """An item seen at a place, or a place whose content could not be had; `place` digests the chain of names.

    `modified`, `changed`, `inode` and `device` are those of the run that recorded it: they may be evidence. `met_…` is
    what a later run met there, read again and found to be the same content. `news` says that the failure is only that
    the place changed: it was named by the run that found it, and does not stand against what is there now. `sealed` is
    what the mail says in its fields that begins here (`sealed.open_letter`); it goes with the item that was met here.

    Exhibit, source and run come first and are never deleted; a constraint would look them up again for each of millions
    of sightings.
    """

    exhibit = models.ForeignKey(Exhibit, models.PROTECT, db_index=False, db_constraint=False)
    source = models.ForeignKey(Source, models.PROTECT, db_constraint=False)
    run = models.ForeignKey(Run, models.PROTECT, db_index=False, db_constraint=False)
    parent = models.ForeignKey("self", models.PROTECT, null=True)
    place = models.BinaryField(max_length=16)
    version = models.SmallIntegerField(default=1)
    how = models.TextField(choices=SightingHow.choices)
    detail = models.TextField(null=True)
    name = models.BinaryField()
    size = models.BigIntegerField(null=True)
    modified = models.BigIntegerField(null=True)
    changed = models.BigIntegerField(null=True)
    accessed = models.BigIntegerField(null=True)
    inode = models.BigIntegerField(null=True)
    device = models.BigIntegerField(null=True)
    met_modified = models.BigIntegerField(null=True)
    met_changed = models.BigIntegerField(null=True)
    met_inode = models.BigIntegerField(null=True)
    item = models.ForeignKey(Item, models.PROTECT, null=True)
    state = models.TextField(choices=SightingState.choices)
    failure = models.TextField(null=True)
    reason = models.TextField(null=True)
    news = models.BooleanField(default=False)
    complete = models.BooleanField(default=True)
    sealed = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exhibit", "place", "version"], name="evidence_sighting_once")]
        indexes = [models.Index(fields=["exhibit"], condition=Q(version__gt=1), name="evidence_sighting_later")]
