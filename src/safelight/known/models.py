"""The tables of the known base: sources, the imports that filled them, and what each source says of each content.

Digests and hashes are not here: they lie in the vault, under the number in `KnownEntry.signature`; what tells equal
statements and contents is a blind index, and a source's own words are sealed.
Nothing is edited: an entry is superseded by a later import, a source is removed, and both stay as history.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from safelight.known.rules import HashState, Role, Trust


class KnownSource(models.Model):
    """A list and who stands behind it. A name is free again once its source was removed."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    trust = models.CharField(max_length=20, choices=[(trust.value, trust.value) for trust in Trust])
    scheme = models.CharField(max_length=60, null=True)
    list_date = models.DateField(null=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    removed_by = models.CharField(max_length=200, null=True)

    class Meta:
        """One source of a name at a time."""

        db_table = "known_source"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], condition=Q(removed_at__isnull=True), name="known_source_name")
        ]


class KnownImport(models.Model):
    """One file that was imported into a source, by whom, and what became of its rows.

    What was new of it is one signed batch (`assertions`), and each entry one row of that: provable alone.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(KnownSource, on_delete=models.PROTECT, related_name="imports")
    file_name = models.TextField()
    file_sha256 = models.CharField(max_length=64)
    file_size = models.BigIntegerField()
    format = models.CharField(max_length=100)
    version = models.CharField(max_length=40, null=True)
    list_date = models.DateField(null=True)
    trust = models.CharField(max_length=20)
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=200)
    read = models.BigIntegerField()
    new = models.BigIntegerField()
    repeated = models.BigIntegerField()
    superseded = models.BigIntegerField()
    refused = models.BigIntegerField()
    quarantined_hashes = models.BigIntegerField()
    complete = models.BooleanField()
    problem = models.TextField(null=True)
    quarantine_file = models.TextField(null=True)
    batch = models.BigIntegerField(null=True)

    class Meta:
        """History of a source, in order of number."""

        db_table = "known_import"


class KnownSet(models.Model):
    """The files of a source's published digests: the folder they lie in, and what they are held to.

    A source has one that has not ended at the most: that which answers.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(KnownSource, on_delete=models.PROTECT, related_name="sets")
    edition = models.ForeignKey(KnownImport, on_delete=models.PROTECT, related_name="sets")
    folder = models.CharField(max_length=32)
    seals = models.TextField()
    entries = models.BigIntegerField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """One current set of a source at a time."""

        db_table = "known_set"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source"], condition=Q(ended_at__isnull=True), name="known_set_current")
        ]


class KnownEntry(models.Model):
    """What a source says of one content. Only entries that are not superseded answer.

    Source and import come first, are never deleted, and are filled in by one statement; a constraint that looks them up
    again for each of millions of entries would be a fifth of what the database does in an import.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(
        KnownSource, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    edition = models.ForeignKey(
        KnownImport, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    signature = models.BigIntegerField(null=True)
    fingerprint = models.BinaryField(max_length=16)
    content = models.BinaryField(max_length=16)
    hash_state = models.CharField(max_length=20, choices=[(state.value, state.value) for state in HashState])
    line = models.BigIntegerField()
    row = models.BigIntegerField()
    grade = models.TextField(null=True)
    media_type = models.TextField(null=True)
    victim_identified = models.BooleanField(null=True)
    offender_identified = models.BooleanField(null=True)
    distributed = models.BooleanField(null=True)
    self_generated = models.BooleanField(null=True)
    suspected = models.BooleanField(null=True)
    baseline = models.BooleanField(null=True)
    words = models.BinaryField()
    superseded_at = models.DateTimeField(null=True)
    superseded_by = models.ForeignKey(
        KnownImport, on_delete=models.PROTECT, null=True, related_name="superseding", db_index=False
    )

    class Meta:
        """Within a source one current entry per statement; entries are found by signature and by content too.

        While a list is coming in, statements are looked up where no figures are to be had, and the planner may take any
        index that it can use. So only that of the statements holds the source, and only that can be used by a question
        that asks for nothing but current entries: the other two need a signature or a content to be named.
        """

        db_table = "known_entry"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "fingerprint"], condition=Q(superseded_at__isnull=True), name="known_entry_statement"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["signature"],
                condition=Q(superseded_at__isnull=True, signature__isnull=False),
                name="known_entry_signature",
            ),
            models.Index(fields=["content"], name="known_entry_content"),
        ]
