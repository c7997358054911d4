"""The tables of the log. Only `log` touches them; nothing else imports this."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class LogEntry(models.Model):
    """One entry and the leaf that stands for it. Ids grow in the order of writing, numbers in that of publishing.

    The record is sealed. An erased one leaves record and salt empty; its commitment stays, like its number.
    """

    id = models.BigAutoField(primary_key=True)
    number = models.BigIntegerField(null=True)
    event = models.TextField()
    record = models.BinaryField(null=True)
    salt = models.BinaryField(null=True, max_length=16)
    commitment = models.BinaryField(max_length=32)

    class Meta:
        """A leaf has one number; those without one are found at once."""

        db_table = "log_entry"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number"], name="log_entry_number"),
            models.CheckConstraint(
                condition=Q(record__isnull=True, salt__isnull=True) | Q(record__isnull=False, salt__isnull=False),
                name="log_entry_erased_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="log_entry_unpublished", condition=Q(number__isnull=True)),
        ]


class EntryDigest(models.Model):
    """That an entry names a SHA-256, by its blind index, so that it is found when that content is erased.

    It goes with the record: an erased entry has none.
    """

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(LogEntry, on_delete=models.PROTECT, related_name="digests")
    digest_index = models.BinaryField(max_length=16)

    class Meta:
        """An entry names a digest once; it is found by the digest."""

        db_table = "log_entry_digest"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest_index", "entry"], name="log_entry_digest_once"),
        ]


class OutsideCheckpoint(models.Model):
    """A checkpoint that left this machine: handed out (no witnesses), or brought back with so many cosignatures.

    `at` is when it was handed out or brought back. A checkpoint says nothing of any entry, so nothing here is sealed.
    """

    id = models.BigAutoField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    witnesses = models.SmallIntegerField()

    class Meta:
        """Nobody counts less than no witness."""

        db_table = "log_outside_checkpoint"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(witnesses__gte=0, size__gt=0), name="log_outside_checkpoint_counts"),
        ]
