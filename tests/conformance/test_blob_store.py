"""What every driver of the blob store must do (`safelight.vault.blobs.BlobStore`). A new driver joins `DRIVERS`."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.errors import CannotRunError
from safelight.vault.blobs import AddressTakenError, BlobStore, NoSuchBlobError, new_address
from safelight.vault.stores.sealed_folder import SealedFolder

DRIVERS: dict[str, Callable[[Path], BlobStore]] = {"folder": lambda place: SealedFolder(place / "data" / "vault")}
ABSENT = "0" * 32
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=DRIVERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    (tmp_path / "data").mkdir()
    return DRIVERS[request.param](tmp_path)


def put(store: BlobStore, *blobs: bytes) -> list[str]:
    addresses = [new_address() for _ in blobs]
    store.put_many((address, [blob]) for address, blob in zip(addresses, blobs, strict=True))
    return addresses


def whole(store: BlobStore, address: str) -> bytes:
    return store.read_at(address, 0, store.size(address))


@quick
@given(st.lists(st.lists(st.binary(max_size=40), max_size=4), max_size=6), st.data())
def test_it_is_a_map_from_addresses_to_bytes(store: BlobStore, blobs: list[list[bytes]], data: st.DataObject) -> None:
    store.remove_many(list(store.addresses()))
    given_ = {new_address(): pieces for pieces in blobs}
    store.put_many(given_.items())
    gone = data.draw(st.sets(st.sampled_from(sorted(given_)))) if given_ else set()
    store.remove_many(gone)
    left = {address: b"".join(pieces) for address, pieces in given_.items() if address not in gone}
    assert list(store.addresses()) == sorted(left)
    assert {address: whole(store, address) for address in left} == left
    for address in gone:
        with pytest.raises(NoSuchBlobError):
            store.size(address)
    assert list(store.strays()) == []


@quick
@given(st.binary(max_size=200), st.integers(0, 250), st.integers(0, 250))
def test_any_part_can_be_read(store: BlobStore, blob: bytes, offset: int, length: int) -> None:
    [address] = put(store, blob)
    assert store.read_at(address, offset, length) == blob[offset : offset + length]


def test_many_pieces_of_any_kind_make_one_blob(store: BlobStore) -> None:
    address = new_address()
    store.put_many([(address, [b"a", bytearray(b"b" * 300_000), memoryview(b"c"), b""])])
    assert whole(store, address) == b"a" + b"b" * 300_000 + b"c"


def test_each_blob_is_taken_to_its_end_before_the_next_is_asked_for(store: BlobStore) -> None:
    told: list[str] = []

    def blob(name: str) -> Iterator[bytes]:
        told.append(f"{name} begins")
        yield b"1"
        yield b"2"
        told.append(f"{name} ends")

    def blobs() -> Iterator[tuple[str, Iterator[bytes]]]:
        for name in ("one", "two"):
            told.append(f"{name} is asked for")
            yield new_address(), blob(name)

    store.put_many(blobs())
    assert told == [f"{name} {what}" for name in ("one", "two") for what in ("is asked for", "begins", "ends")]


def test_what_is_not_there_is_named(store: BlobStore) -> None:
    store.remove_many([ABSENT])
    for use in (store.size, lambda address: store.read_at(address, 0, 1)):
        with pytest.raises(NoSuchBlobError, match=ABSENT):
            use(ABSENT)


@pytest.mark.parametrize("address", ["", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n", "g" * 32])
def test_a_malformed_address_reaches_no_path(store: BlobStore, address: str) -> None:
    uses: list[Callable[[], object]] = [
        lambda: store.size(address),
        lambda: store.read_at(address, 0, 1),
        lambda: store.remove_many([address]),
        lambda: store.put_many([(address, [b"x"])]),
    ]
    for use in uses:
        with pytest.raises(ValueError, match="32 lower-case"):
            use()
    assert list(store.addresses()) == []


def test_an_empty_store_is_whole(store: BlobStore) -> None:
    assert (list(store.addresses()), list(store.strays())) == ([], [])
    store.put_many([])
    store.remove_many([])
    assert (list(store.addresses()), list(store.strays())) == ([], [])


def test_a_blob_is_written_once_and_who_tries_again_leaves_nothing(store: BlobStore) -> None:
    [taken] = put(store, b"first")
    for blobs in ([(new_address(), [b"other"]), (taken, [b"second"])], [(ABSENT, [b"x"]), (ABSENT, [b"y"])]):
        with pytest.raises(AddressTakenError):
            store.put_many(blobs)
        assert list(store.addresses()) == [taken]
    assert whole(store, taken) == b"first"


def test_a_source_that_fails_leaves_nothing(store: BlobStore) -> None:
    def failing() -> Iterator[bytes]:
        yield b"begun"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.put_many([(new_address(), [b"whole"]), (new_address(), failing())])
    assert (list(store.addresses()), list(store.strays())) == ([], [])


def test_a_full_disk_is_said_in_words_and_leaves_what_was_there(store: BlobStore) -> None:
    [kept] = put(store, b"kept")

    def full() -> Iterator[bytes]:
        yield b"begun"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(CannotRunError, match="make room"):
        store.put_many([(new_address(), full())])
    assert list(store.addresses()) == [kept]


def test_many_writers_and_removers_at_once_all_succeed(store: BlobStore) -> None:
    kept: list[str] = []

    def work() -> None:
        for number in range(5):
            first, second = put(store, bytes([number]) * 50, b"leaves")
            store.remove_many([second])
            kept.append(first)

    writers = [Thread(target=work) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert list(store.addresses()) == sorted(kept)
    assert len(kept) == 20
    assert list(store.strays()) == []
