"""The tables of digests and hashes, of kept content, and of what was erased. Only `vault` touches them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Signature(models.Model):
    """One content's place in a block, and by which blind indexes its digests are found, in the known base or in a case.

    Ids grow and are never reused.
    """

    id = models.BigAutoField(primary_key=True)
    realm = models.SmallIntegerField()
    block = models.BigIntegerField()
    md5 = models.BinaryField(null=True, max_length=16)
    sha1 = models.BinaryField(null=True, max_length=16)
    sha256 = models.BinaryField(null=True, max_length=16)
    size = models.BigIntegerField(null=True)

    class Meta:
        """Each digest is looked up within its realm; where most are unknown, the index stays small."""

        indexes: ClassVar = [
            models.Index(fields=["realm", "md5"], name="vault_md5", condition=Q(md5__isnull=False)),
            models.Index(fields=["realm", "sha1"], name="vault_sha1", condition=Q(sha1__isnull=False)),
            models.Index(fields=["realm", "sha256"], name="vault_sha256", condition=Q(sha256__isnull=False)),
        ]


class SignatureBlock(models.Model):
    """The digests and hashes of some hundred contents, sealed."""

    id = models.BigAutoField(primary_key=True)
    realm = models.SmallIntegerField()
    sealed = models.BinaryField()

    class Meta:
        """A realm is loaded as a whole."""

        db_table = "vault_signature_block"
        indexes: ClassVar = [models.Index(fields=["realm", "id"], name="vault_block_realm")]


class SignatureKey(models.Model):
    """The wrapped key of a block, in a table of its own as those of objects are, and for the same reasons."""

    block = models.BigIntegerField(primary_key=True)
    generation = models.BigIntegerField()
    wrapped = models.BinaryField(max_length=65)

    class Meta:
        """Keys of older generations are found at once."""

        db_table = "vault_signature_key"
        indexes: ClassVar = [models.Index(fields=["generation", "block"], name="vault_block_key_generation")]


class StoredObject(models.Model):
    """One content of one owner. `particulars` says sealed where its blob lies, and the content's SHA-256 and size."""

    id = models.UUIDField(primary_key=True)
    owner = models.TextField()
    digest_index = models.BinaryField(max_length=16)
    particulars = models.BinaryField(max_length=85)

    class Meta:
        """An owner keeps a content once."""

        db_table = "vault_object"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "digest_index"], name="vault_object_once"),
        ]


class ObjectKey(models.Model):
    """The wrapped key of an object. In a table of its own, so that its backups can be kept apart, and destroyed soon.

    There is no foreign key in the database: a backup of this table must load although objects were erased since, whose
    keys `vault fsck` names then.
    """

    stored = models.OneToOneField(
        StoredObject, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="key"
    )
    generation = models.BigIntegerField()
    wrapped = models.BinaryField(max_length=65)

    class Meta:
        """Keys of older generations are found at once."""

        db_table = "vault_object_key"
        indexes: ClassVar = [models.Index(fields=["generation", "stored"], name="vault_key_generation")]


class Hold(models.Model):
    """A legal hold of one owner on one content, whoever keeps it; gone when it is released."""

    id = models.UUIDField(primary_key=True)
    content_index = models.BinaryField(max_length=16)
    owner = models.TextField()
    since = models.DateTimeField()
    reason = models.BinaryField()

    class Meta:
        """An owner holds a content once."""

        db_table = "vault_hold"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content_index", "owner"], name="vault_hold_once"),
        ]


class Tombstone(models.Model):
    """A content that an owner erased: it does not come back by itself. The digest itself is kept nowhere.

    One that was lifted stays, with who lifted it and why (sealed), and keeps nothing out any more.
    """

    id = models.UUIDField(primary_key=True)
    owner = models.TextField()
    digest_index = models.BinaryField(max_length=16)
    erased_at = models.DateTimeField()
    act = models.BinaryField()
    lifted_at = models.DateTimeField(null=True)
    lifting = models.BinaryField(null=True)

    class Meta:
        """An owner erases a content once, and once more after it was let in again."""

        db_table = "vault_tombstone"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "digest_index"],
                condition=models.Q(lifted_at__isnull=True),
                name="vault_tombstone_once",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True, lifting__isnull=True)
                | models.Q(lifted_at__isnull=False, lifting__isnull=False),
                name="vault_tombstone_lifted_whole",
            ),
        ]


class Receipt(models.Model):
    """Somebody who was given a copy of an erased content, and when he said that it is destroyed, null until then."""

    id = models.UUIDField(primary_key=True)
    tombstone = models.ForeignKey(Tombstone, on_delete=models.PROTECT, related_name="receipts")
    recipient = models.BinaryField()
    received_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vault_receipt"


class Handout(models.Model):
    """A content that somebody was given, in which bundle; `written_at` is null as long as no bundle is known to exist.

    `content_index` is that of the owner's object and tombstone; `bundle` the blind index of the manifest's SHA-256.
    """

    id = models.UUIDField(primary_key=True)
    owner = models.TextField()
    content_index = models.BinaryField(max_length=16)
    bundle = models.BinaryField(max_length=16)
    recipient = models.BinaryField()
    at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)

    class Meta:
        """A bundle holds a content once; who was given a content is found at once."""

        db_table = "vault_handout"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bundle", "content_index", "owner"], name="vault_handout_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["owner", "content_index"], name="vault_handout_content")]
