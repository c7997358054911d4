"""The tables of officers, roles, requests and approvals. Only `access` touches them; nothing else imports this.

Rules kept here, by constraints of the database:
- who approves is not who asked, and who reviews a broken glass is not who broke it;
- a request is approved once; that it was asked for by somebody is copied into the approval, and agrees with it
  (a foreign key over both columns, made in the migration);
- a key belongs to one officer; an OS user acts for one officer.

In clear: pseudonyms, roles, public keys, times, which act. Sealed: names of persons, and requests with their parameters
and reasons; equal acts are found by a blind index.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class OfficerRow(models.Model):
    """An officer: his key, when it counts, and what made him one.

    That is an approval, or for the first two an enrolment, which counts once the second person has signed it.
    """

    id = models.BigAutoField(primary_key=True)
    pseudonym = models.TextField(unique=True)
    agency = models.TextField()
    os_user = models.TextField(null=True)
    name = models.BinaryField(null=True)
    public_key = models.BinaryField(max_length=32, unique=True)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    approval = models.TextField(null=True)
    enrolment = models.BinaryField(null=True)
    second_key = models.BinaryField(null=True, max_length=32)
    second_signature = models.BinaryField(null=True, max_length=64)

    class Meta:
        """Nobody signs his own enrolment."""

        db_table = "access_officer"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["os_user"], condition=Q(revoked_at__isnull=True), name="access_officer_os_user"
            ),
            models.CheckConstraint(condition=Q(begins__lt=F("ends")), name="access_officer_interval"),
            models.CheckConstraint(
                condition=Q(approval__isnull=True, enrolment__isnull=False, second_key__isnull=False)
                & ~Q(second_key=F("public_key"))
                | Q(approval__isnull=False, enrolment__isnull=True, second_key__isnull=True),
                name="access_officer_second",
            ),
        ]


class RoleGrant(models.Model):
    """A role that an officer has for some time; `granted_by` is the approval, or the enrolment, that says so."""

    id = models.BigAutoField(primary_key=True)
    officer = models.ForeignKey(OfficerRow, on_delete=models.PROTECT, related_name="grants")
    role = models.TextField()
    begins = models.DateTimeField()
    ends = models.DateTimeField(null=True)
    granted_by = models.TextField()

    class Meta:
        """A role is had once at a time."""

        db_table = "access_role_grant"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["officer", "role"], condition=Q(ends__isnull=True), name="access_role_grant_once"
            ),
        ]


class CaseMember(models.Model):
    """An officer who works on a case, for some time."""

    id = models.BigAutoField(primary_key=True)
    officer = models.ForeignKey(OfficerRow, on_delete=models.PROTECT, related_name="memberships")
    case = models.BigIntegerField()
    begins = models.DateTimeField()
    ends = models.DateTimeField(null=True)
    added_by = models.TextField()

    class Meta:
        """Once at a time, and found by case."""

        db_table = "access_case_member"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "officer"], condition=Q(ends__isnull=True), name="access_case_member_once"
            ),
        ]


class RequestRow(models.Model):
    """An act that an officer asks another to approve, signed by his key. `what` finds equal acts.

    One whose content was erased leaves record and `what` empty; who, when and the hash of what was signed stay.
    `indexed` where every SHA-256 in the record stands in `RequestDigest`; one of an earlier release is opened instead.
    """

    id = models.BigAutoField(primary_key=True)
    act = models.TextField()
    what = models.BinaryField(null=True, max_length=16)
    record = models.BinaryField(null=True)
    digest = models.BinaryField(max_length=32, unique=True)
    requester = models.ForeignKey(OfficerRow, on_delete=models.PROTECT, related_name="requests")
    signature = models.BinaryField(max_length=64)
    at = models.DateTimeField()
    until = models.DateTimeField()
    indexed = models.BooleanField(default=False, db_default=False)

    class Meta:
        """A request has an end; an approval refers to it together with who asked."""

        db_table = "access_request"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(at__lt=F("until")), name="access_request_interval"),
            models.CheckConstraint(
                condition=Q(record__isnull=True, what__isnull=True) | Q(record__isnull=False, what__isnull=False),
                name="access_request_destroyed_whole",
            ),
            models.UniqueConstraint(fields=["id", "requester"], name="access_request_whose"),
        ]
        indexes: ClassVar = [models.Index(fields=["what"], name="access_request_what")]


class RequestDigest(models.Model):
    """That a request names a SHA-256, by its blind index, so that it is found when that content is erased.

    It goes with the record: a destroyed request has none.
    """

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(RequestRow, on_delete=models.PROTECT, related_name="digests")
    digest_index = models.BinaryField(max_length=16)

    class Meta:
        """A request names a digest once; it is found by the digest."""

        db_table = "access_request_digest"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest_index", "request"], name="access_request_digest_once"),
        ]


class Approval(models.Model):
    """The signature of another person on a request, and when it was used.

    `over_statement` is the same person's signature over the statement that the request is about, to go with that.
    """

    id = models.BigAutoField(primary_key=True)
    request = models.OneToOneField(RequestRow, on_delete=models.PROTECT, related_name="approval")
    requester = models.ForeignKey(OfficerRow, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(OfficerRow, on_delete=models.PROTECT, related_name="approvals")
    signature = models.BinaryField(max_length=64)
    over_statement = models.BinaryField(null=True, max_length=64)
    at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        """Two persons."""

        db_table = "access_approval"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(approver=F("requester")), name="access_approval_two_persons"),
        ]


class BreakGlass(models.Model):
    """An act done by the recovery kit instead of a second person: what, why, by whom, and who reviewed it.

    Record and `what` go as those of a request, and not before the review: whoever makes it reads them.
    """

    id = models.BigAutoField(primary_key=True)
    act = models.TextField()
    what = models.BinaryField(null=True, max_length=16)
    record = models.BinaryField(null=True)
    by = models.ForeignKey(OfficerRow, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    reviewer = models.ForeignKey(OfficerRow, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    remark = models.BinaryField(null=True)
    review_signature = models.BinaryField(null=True, max_length=64)

    class Meta:
        """Reviewed by another, whole or not at all; signed where that was another unit's officer."""

        db_table = "access_break_glass"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True) | Q(by__isnull=True) | ~Q(reviewer=F("by")),
                name="access_break_glass_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True, reviewed_at__isnull=True, remark__isnull=True)
                | Q(reviewer__isnull=False, reviewed_at__isnull=False, remark__isnull=False),
                name="access_break_glass_reviewed_whole",
            ),
            models.CheckConstraint(
                condition=Q(record__isnull=True, what__isnull=True, reviewer__isnull=False)
                | Q(record__isnull=False, what__isnull=False),
                name="access_break_glass_destroyed_whole",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["what"], name="access_break_glass_what")]
