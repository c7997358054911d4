"""The tables of digests and perceptual hashes. Only `vault.signatures` touches them; nothing else imports this."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Signature(models.Model):
    """The digests and size of one content, in the known base or in a case (`realm`). Ids grow and are never reused."""

    id = models.BigAutoField(primary_key=True)
    realm = models.SmallIntegerField()
    md5 = models.BinaryField(null=True, max_length=16)
    sha1 = models.BinaryField(null=True, max_length=20)
    sha256 = models.BinaryField(null=True, max_length=32)
    size = models.BigIntegerField(null=True)

    class Meta:
        """Each digest is looked up within its realm; where most are unknown, the index stays small."""

        indexes: ClassVar = [
            models.Index(fields=["realm", "md5"], name="vault_md5", condition=Q(md5__isnull=False)),
            models.Index(fields=["realm", "sha1"], name="vault_sha1", condition=Q(sha1__isnull=False)),
            models.Index(fields=["realm", "sha256"], name="vault_sha256", condition=Q(sha256__isnull=False)),
            models.Index(fields=["realm", "id"], name="vault_realm"),
        ]


class Pdq(models.Model):
    """One PDQ hash of a signature: 32 bytes; which hash, of which frame, of what quality, and turned (7 * 32 bytes)."""

    id = models.BigAutoField(primary_key=True)
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="pdqs")
    which = models.SmallIntegerField()
    frame = models.IntegerField()
    bits = models.BinaryField(max_length=32)
    quality = models.SmallIntegerField(null=True)
    turned = models.BinaryField(null=True, max_length=224)
