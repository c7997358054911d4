"""Passwords that may open what is locked: the one that fitted last is tried first."""

from collections.abc import Iterator, Sequence

from Cryptodome.Cipher import AES
from Cryptodome.Protocol.KDF import PBKDF2
from Cryptodome.Util import Counter

LOCKED = "a password is needed"
WRONG = "a password is needed, and none that was given fits"


class Passwords:
    """The passwords of one walk. Whoever finds one that fits says so by `fitted`."""

    def __init__(self, given: Sequence[bytes]) -> None:
        self._given = list(dict.fromkeys(given))

    def __iter__(self) -> Iterator[bytes]:
        """Each once, the likeliest first."""
        return iter(tuple(self._given))

    def fitted(self, password: bytes) -> None:
        """Try this one first from now on."""
        self._given.remove(password)
        self._given.insert(0, password)

    @property
    def refusal(self) -> str:
        """Why something stays locked."""
        return WRONG if self._given else LOCKED


def _load_ciphers() -> None:
    """Use each cipher of 7z and zip once: they are loaded at their first use, when no file can be opened any more."""
    key = PBKDF2("", bytes(8), count=1)
    AES.new(key, AES.MODE_CBC, bytes(AES.block_size)).decrypt(bytes(AES.block_size))
    AES.new(key, AES.MODE_CTR, counter=Counter.new(128, little_endian=True)).decrypt(bytes(1))


_load_ciphers()
