"""Cases, what was answered about their items, and which items are copies of one picture."""

from django.db import models
from django.db.models import Q

from safelight.evidence.models import Item, Run


class Case(models.Model):
    """Work on a set of exhibits. Its category scheme is fixed when it is opened."""

    name = models.TextField(unique=True)
    scheme = models.TextField(null=True)
    opened = models.DateTimeField()
    stacked = models.TextField(null=True)
    """What the stacks were built from; where it still holds, they need not be built again."""


class Answer(models.Model):
    """The verdict about an item in a case, with its evidence as it stood then.

    Never changed: a later answer makes it no longer `current`. `evidence` keeps the sources' own words, so that
    it holds when a source is removed; it is sealed, see `proof`. Without a constraint for case and run, as a sighting.
    """

    case = models.ForeignKey(Case, models.PROTECT, db_index=False, db_constraint=False)
    item = models.ForeignKey(Item, models.PROTECT, db_index=False)
    run = models.ForeignKey(Run, models.PROTECT, db_index=False, db_constraint=False)
    verdict = models.TextField()
    graded = models.BooleanField()
    reason = models.TextField(null=True)
    evidence = models.BinaryField()
    base = models.TextField()
    radius = models.SmallIntegerField()
    quality = models.SmallIntegerField()
    made = models.DateTimeField()
    current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "item"], condition=Q(current=True), name="casework_answer_current")
        ]


class StackMember(models.Model):
    """An item's place in a stack, named by its representative. Near copies (`near`) stand beside it.

    Made anew as a whole from the case's items, none of which is ever deleted: so there are no constraints to look up.
    """

    case = models.ForeignKey(Case, models.PROTECT, db_constraint=False)
    representative = models.ForeignKey(Item, models.PROTECT, related_name="+", db_constraint=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", db_constraint=False)
    how = models.TextField()
    distance = models.SmallIntegerField(null=True)
    difference = models.FloatField(null=True)
    near = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["case", "representative"], name="casework_stack")]


class Kept(models.Model):
    """An item whose content is kept in the object store for a case; while it is `leaving`, it may be gone already.

    At `review` somebody says whether it is kept on.
    """

    case = models.ForeignKey(Case, models.PROTECT)
    item = models.ForeignKey(Item, models.PROTECT)
    leaving = models.BooleanField(default=False)
    review = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "item"], name="casework_kept_once")]
        indexes = [models.Index(fields=["case"], condition=Q(leaving=True), name="casework_kept_leaving")]
