"""The table of signatures, held against a model in twenty lines."""

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.errors import InputError
from safelight.vault import signatures as vault_signatures
from safelight.vault.keys import RootKey
from safelight.vault.models import Signature, SignatureBlock, SignatureKey
from safelight.vault.nodekeys import make_keys
from safelight.vault.protection import KeyFile
from safelight.vault.signatures import DigestHit, KeptBlocks, NewPdq, NewSignature, Realm, Signatures, Which, count
from tests.nodes import VAULT

pytestmark = pytest.mark.django_db
signatures = VAULT.signatures


def digests(length: int) -> st.SearchStrategy[bytes | None]:
    """Few values, so that rows agree and contradict each other often."""
    return st.none() | st.sampled_from([bytes([value]) * length for value in range(3)])


PDQS = st.builds(
    NewPdq,
    which=st.sampled_from(Which),
    frame=st.integers(0, 2**31 - 1),
    bits=st.binary(min_size=32, max_size=32),
    quality=st.none() | st.integers(0, 100),
    turned=st.none() | st.binary(min_size=224, max_size=224),
)
ROWS = st.builds(
    NewSignature,
    md5=digests(16),
    sha1=digests(20),
    sha256=digests(32),
    size=st.none() | st.integers(0, 2),
    pdqs=st.lists(PDQS, max_size=2).map(tuple),
    pixels=st.none() | st.binary(min_size=16, max_size=16),
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def model_find(stored: dict[int, NewSignature], questions: list[NewSignature]) -> list[DigestHit]:
    hits = []
    for query, question in enumerate(questions):
        for number, row in stored.items():
            for how in ("sha256", "sha1", "md5"):
                asked, known = getattr(question, how), getattr(row, how)
                if asked is None or known is None:
                    continue
                if asked == known:
                    sizes = None if question.size is None or row.size is None else question.size == row.size
                    hits.append(DigestHit(query, number, how, sizes))
                break  # the strongest digest that both have has decided
    return sorted(hits, key=lambda hit: (hit.query, hit.signature))


@quick
@given(st.lists(ROWS, max_size=12), st.lists(ROWS, max_size=6), st.lists(ROWS, max_size=3))
def test_find_equals_the_model(
    rows: list[NewSignature], questions: list[NewSignature], others: list[NewSignature]
) -> None:
    with transaction.atomic():
        ids = signatures.store(Realm.KNOWN, rows)
        signatures.store(Realm.ITEM, others)
        expected = model_find(dict(zip(ids, rows, strict=True)), questions)
        assert signatures.find(Realm.KNOWN, questions) == expected
        transaction.set_rollback(True)


def test_every_content_under_a_digest_is_found_whichever_digest_it_is() -> None:
    forged = [
        NewSignature(bytes(16), sha1, sha256, None) for sha1, sha256 in ((b"1" * 20, b"a" * 32), (None, b"b" * 32))
    ]
    one, other = signatures.store(Realm.ITEM, forged)
    signatures.store(Realm.KNOWN, forged)
    asked = [bytes(16), b"1" * 20, b"b" * 32, b"2" * 20]
    assert [signatures.under(Realm.ITEM, digest) for digest in asked] == [[one, other], [one], [other], []]


@quick
@given(st.lists(ROWS, max_size=6), st.data())
def test_what_is_stored_comes_back_and_what_is_removed_does_not(rows: list[NewSignature], data: st.DataObject) -> None:
    with transaction.atomic():
        before = count(Realm.ITEM)
        ids = signatures.store(Realm.ITEM, rows)
        assert ids == sorted(set(ids)), "ids grow in the order of the rows"
        gone = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
        signatures.remove(list(gone))
        kept = {number: row for number, row in zip(ids, rows, strict=True) if number not in gone}
        assert signatures.fetch([*ids, 0]) == kept
        assert count(Realm.ITEM) == before + len(kept)
        transaction.set_rollback(True)


def codes(realm: Realm, min_quality: int = 0) -> list[tuple[int, bytes]]:
    return sorted(
        (number, bits.tobytes())
        for numbers, rows in signatures.code_arrays(realm, min_quality=min_quality)
        for number, bits in zip(numbers.tolist(), rows, strict=True)
    )


@quick
@given(st.lists(ROWS, max_size=8), st.lists(ROWS, max_size=2), st.integers(0, 100))
def test_arrays_hold_each_hash_of_one_realm_at_or_above_a_quality(
    rows: list[NewSignature], others: list[NewSignature], min_quality: int
) -> None:
    with transaction.atomic():
        ids = signatures.store(Realm.KNOWN, rows)
        signatures.store(Realm.ITEM, others)
        expected = sorted(
            (number, pdq.bits)
            for number, row in zip(ids, rows, strict=True)
            for pdq in row.pdqs
            if pdq.quality is None or pdq.quality >= min_quality
        )
        assert codes(Realm.KNOWN, min_quality) == expected
        transaction.set_rollback(True)


def test_arrays_come_from_more_blocks_than_are_opened_at_a_time(monkeypatch):
    monkeypatch.setattr("safelight.vault.signatures.BLOCK_ROWS", 2)
    monkeypatch.setattr("safelight.vault.signatures._BLOCKS", 2)
    rows = [
        NewSignature(bytes([row]) * 16, None, None, None, (NewPdq(Which.LISTED, 0, bytes([row]) * 32, 80),) * 2)
        for row in range(9)
    ]
    ids = signatures.store(Realm.KNOWN, rows)
    assert codes(Realm.KNOWN) == sorted((number, bytes([row]) * 32) for row, number in enumerate(ids) for _ in "ab")
    assert signatures.fetch(ids) == dict(zip(ids, rows, strict=True))


def test_kept_blocks_are_opened_once_and_the_ones_asked_for_last_stay(monkeypatch):
    monkeypatch.setattr("safelight.vault.signatures.BLOCK_ROWS", 2)
    rows = [NewSignature(bytes([row]) * 16, None, None, None) for row in range(8)]
    ids = signatures.store(Realm.KNOWN, rows)
    opened: list[int] = []
    open_block = signatures.open_block
    monkeypatch.setattr(
        signatures, "open_block", lambda number, *sealed: opened.append(number) or open_block(number, *sealed)
    )
    kept = KeptBlocks(most=2)
    for asked, anew in (((0, 2), 2), ((1, 3), 0), ((0,), 0), ((4,), 1), ((1,), 0), ((2,), 1)):
        opened.clear()
        wanted = [ids[row] for row in asked]
        assert signatures.fetch(wanted, kept) == {ids[row]: rows[row] for row in asked}
        assert len(opened) == anew, asked


def test_what_was_removed_is_not_answered_from_a_block_that_was_kept():
    ids = signatures.store(Realm.KNOWN, [NewSignature(bytes([row]) * 16, None, None, None) for row in range(3)])
    kept = KeptBlocks()
    assert set(signatures.fetch(ids, kept)) == set(ids)
    signatures.remove(ids[:1])
    assert set(signatures.fetch(ids, kept)) == set(ids[1:])


def test_nothing_of_a_signature_stands_in_clear():
    row = NewSignature(b"m" * 16, b"s" * 20, b"t" * 32, 7, (NewPdq(Which.LISTED, 0, b"p" * 32, 80, b"q" * 224),))
    signatures.store(Realm.KNOWN, [row])
    signatures.store(Realm.ITEM, [row])
    with connection.cursor() as cursor:
        stored = b""
        for model in (Signature, SignatureBlock, SignatureKey):
            with cursor.copy(f"COPY {model._meta.db_table} TO STDOUT (FORMAT BINARY)") as copy:
                stored += b"".join(copy)
    assert len(stored) > 1000
    for planted in (b"m" * 5, b"s" * 5, b"t" * 5, b"p" * 5, b"q" * 5):
        assert planted not in stored
    known, item = Signature.objects.order_by("id")
    assert {known.md5, known.sha1, known.sha256}.isdisjoint({item.md5, item.sha1, item.sha256})


def test_a_block_of_another_place_or_node_does_not_open():
    ids = signatures.store(Realm.KNOWN, [NewSignature(b"1" * 16, None, None, None)])
    ids += signatures.store(Realm.KNOWN, [NewSignature(b"2" * 16, None, None, None)])
    first, second = SignatureBlock.objects.order_by("id")
    SignatureBlock.objects.filter(pk=first.pk).update(sealed=second.sealed)
    with pytest.raises(InputError):
        signatures.fetch(ids[:1])
    other = Signatures(make_keys("unit-beta.example", KeyFile(bytes(32)), root=RootKey(bytes(32))))
    with pytest.raises(InputError):
        other.fetch(ids[1:])
    assert other.find(Realm.KNOWN, [NewSignature(b"2" * 16, None, None, None)]) == []


def test_removing_destroys_the_key_of_the_block():
    ids = signatures.store(Realm.KNOWN, [NewSignature(bytes([row]) * 16, None, None, None) for row in range(3)])
    [before] = SignatureKey.objects.values_list("wrapped", flat=True)
    signatures.remove(ids[:1])
    [after] = SignatureKey.objects.values_list("wrapped", flat=True)
    assert before != after
    signatures.remove(ids[1:])
    assert (SignatureKey.objects.count(), SignatureBlock.objects.count()) == (0, 0)


def test_a_failed_transaction_leaves_no_row() -> None:
    with transaction.atomic():
        signatures.store(Realm.KNOWN, [NewSignature(b"1" * 16, None, None, None)])
        transaction.set_rollback(True)
    assert count(Realm.KNOWN) == 0


def test_nothing_asked_is_nothing_answered() -> None:
    assert signatures.store(Realm.KNOWN, []) == []
    assert signatures.find(Realm.KNOWN, []) == []
    assert signatures.fetch([]) == {}
    signatures.remove([])


@pytest.mark.parametrize("asked", [1, 2000])
def test_each_digest_is_looked_up_by_its_index(asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vault_signature (realm, block, md5, sha1, sha256) SELECT 1, 1, decode(md5(i::text), 'hex'), "
            "decode(md5('1' || i), 'hex'), decode(md5('2' || i), 'hex') FROM generate_series(1, 20000) i"
        )
        cursor.execute("ANALYZE vault_signature")
    monkeypatch.setattr(vault_signatures, "_FIND", f"EXPLAIN {vault_signatures._FIND}")
    monkeypatch.setattr(vault_signatures, "DigestHit", lambda *row: row[0])
    plan = "".join(signatures.find(Realm.KNOWN, [NewSignature(bytes(16), bytes(20), bytes(32), 1)] * asked))
    assert all(f"vault_{digest}" in plan for digest in ("md5", "sha1", "sha256"))
    assert "Seq Scan on vault_signature" not in plan
