"""The tables of statements and batches. Only `assertions` touches them; nothing else imports this.

What a statement says, who makes it and what it is about are sealed. In clear stands only what a wall or a queue asks
for: its purpose where that is a word of the closed list, its review date, and which entry of the log tells of it. Its
kind is not among them: it would show, in a stolen copy, how many victims are identified and since when.
"""

from typing import ClassVar

from django.db import models


class StoredAssertion(models.Model):
    """One statement: its envelope, sealed; `name` the blind index of its agency and identifier.

    `purpose` is empty where only a newer node knows the word, which then stays sealed. `entry` is the log's row.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.BinaryField(max_length=16)
    envelope = models.BinaryField()
    purpose = models.TextField(blank=True)
    review = models.DateTimeField()
    entry = models.BigIntegerField()

    class Meta:
        """A statement is here once; those due for review are found in order."""

        db_table = "assertion"
        constraints: ClassVar = [models.UniqueConstraint(fields=["name"], name="assertion_name")]
        indexes: ClassVar = [models.Index(fields=["review"], name="assertion_review")]


class AssertionAbout(models.Model):
    """One thing that a statement is about or names, or one statement that it takes back, as a blind index.

    A thing stands under its identifier alone: a stack's statement is found by a digest in it, whatever asks.
    """

    id = models.BigAutoField(primary_key=True)
    assertion = models.ForeignKey(StoredAssertion, on_delete=models.CASCADE, related_name="abouts")
    index = models.BinaryField(max_length=16)

    class Meta:
        """What speaks of a thing is found at once, and each statement once."""

        db_table = "assertion_about"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["index", "assertion"], name="assertion_about_once"),
        ]


class AssertionBatch(models.Model):
    """One batch: the envelope of its header, sealed; `name` the blind index of its agency and identifier."""

    id = models.BigAutoField(primary_key=True)
    name = models.BinaryField(max_length=16)
    header = models.BinaryField()
    rows = models.BigIntegerField()
    entry = models.BigIntegerField()

    class Meta:
        """A batch is here once."""

        db_table = "assertion_batch"
        constraints: ClassVar = [models.UniqueConstraint(fields=["name"], name="assertion_batch_name")]


class AssertionBlock(models.Model):
    """Some rows of a batch, sealed together, from 0; `root` is that of their Merkle tree and shows nothing of them."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(AssertionBatch, on_delete=models.CASCADE, related_name="blocks", db_index=False)
    number = models.IntegerField()
    root = models.BinaryField(max_length=32)
    rows = models.BinaryField()

    class Meta:
        """Blocks are numbered within their batch."""

        db_table = "assertion_block"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "number"], name="assertion_block_number"),
        ]
