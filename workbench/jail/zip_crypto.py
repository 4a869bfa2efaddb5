"""Passwords of zip members: the old cipher (APPNOTE 6.1) and WinZip's AES (AE-1, AE-2). Runs in the jail."""

import hashlib
import hmac
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, Protocol, Self

from Cryptodome.Cipher import AES
from Cryptodome.Util import Counter

from workbench.jail import results
from workbench.jail.members import Damaged
from workbench.jail.zip_directory import Entry, data_start

ROUNDS, AUTHENTICATION = 1000, 10  # winzip.com/en/support/aes-encryption
CRC_TABLE = tuple(zlib.crc32(bytes([n]), 0xFFFFFFFF) ^ 0xFFFFFFFF for n in range(256))


class Cipher(Protocol):
    """A password that seems to fit a member; used for one pass over its bytes."""

    before: int  # bytes of its own in front of the packed ones
    after: int  # and behind them
    seals: bool  # it proves by itself that no byte was changed

    def anew(self) -> Self:
        """The same, at the member's beginning."""
        ...

    def decrypt(self, data: bytes) -> bytes:
        """The next bytes."""
        ...

    def finish(self, trailer: bytes) -> None:
        """Raise Damaged if the bytes were changed."""
        ...


class Keys:
    """The passwords to try, the one that fitted last first."""

    def __init__(self, passwords: Sequence[str]) -> None:
        self._passwords = [spelling for password in passwords for spelling in _spellings(password)]

    def fitting(self, file: BinaryIO, entry: Entry, proves: Callable[[Cipher], bool]) -> Cipher | None:
        """The first password that fits; where several seem to, the first that `proves` itself."""
        fits = []
        for password in self._passwords:
            if cipher := _cipher(file, entry, password):
                fits.append((password, cipher))
                if cipher.seals:
                    break
        if len(fits) > 1:
            fits = [(password, cipher) for password, cipher in fits if proves(cipher)]
        if not fits:
            return None
        self._passwords.remove(fits[0][0])
        self._passwords.insert(0, fits[0][0])
        return fits[0][1]


def warm_up() -> None:
    """Use everything once: what is loaded when it is first used cannot be loaded in the locked jail."""
    for size in (8, 16):
        cipher = WinZipAes(bytes(2 * size), bytes(2 * size), size + 2)
        cipher.decrypt(b"warm")
        with suppress(Damaged):
            cipher.finish(bytes(AUTHENTICATION))
    for password in _spellings("passwörd"):
        WinZipAes.fitting(password, bytes(16), b"no")


def _spellings(password: str) -> Iterator[bytes]:
    """A password as bytes; old tools wrote it in the code page of the time."""
    yield password.encode()
    if not password.isascii():
        for page in ("cp437", "cp1252"):
            try:
                yield password.encode(page)
            except UnicodeEncodeError:
                continue


def _cipher(file: BinaryIO, entry: Entry, password: bytes) -> Cipher | None:
    file.seek(data_start(file, entry))
    if entry.aes_strength:
        salt_size = 4 + 4 * entry.aes_strength
        return WinZipAes.fitting(password, file.read(salt_size), file.read(2))
    header = file.read(Traditional.before)
    cipher = Traditional(password, header)
    return cipher if len(header) == Traditional.before and cipher.check == entry.clue else None


class Traditional:
    """The cipher of the first zips. Weak, slow here (about 2 MB/s), and one password in 256 fits by chance."""

    before, after, seals = 12, 0, False

    def __init__(self, password: bytes, header: bytes) -> None:
        self._made_of = (password, header)
        self._keys = (0x12345678, 0x23456789, 0x34567890)
        for byte in password:
            self._keys = _stirred(*self._keys, byte)
        self.check = (self.decrypt(header) or b"\0")[-1]

    def anew(self) -> Self:
        """See Cipher."""
        return type(self)(*self._made_of)

    def decrypt(self, data: bytes) -> bytes:
        """See Cipher."""
        plain = bytearray()
        one, two, three = self._keys
        for byte in data:
            mask = three | 2
            byte ^= (mask * (mask ^ 1)) >> 8 & 0xFF  # noqa: PLW2901 the plain byte also stirs the keys
            plain.append(byte)
            one, two, three = _stirred(one, two, three, byte)
        self._keys = one, two, three
        return bytes(plain)

    def finish(self, trailer: bytes) -> None:
        """It has no seal: the member's checksum has to do."""


def _stirred(one: int, two: int, three: int, byte: int) -> tuple[int, int, int]:
    one = one >> 8 ^ CRC_TABLE[(one ^ byte) & 0xFF]
    two = ((two + (one & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
    return one, two, three >> 8 ^ CRC_TABLE[(three ^ two >> 24) & 0xFF]


class WinZipAes:
    """AES in counter mode with a key from the password, sealed by an HMAC of the packed bytes."""

    after, seals = AUTHENTICATION, True

    def __init__(self, key: bytes, seal_key: bytes, before: int) -> None:
        self.before = before
        self._made_of = (key, seal_key, before)
        self._aes = AES.new(key, AES.MODE_CTR, counter=Counter.new(128, initial_value=1, little_endian=True))
        self._seal = hmac.new(seal_key, digestmod="sha1")

    @classmethod
    def fitting(cls, password: bytes, salt: bytes, check: bytes) -> Self | None:
        """The cipher, if the password is right by the two bytes that are kept of it."""
        size = 2 * len(salt)  # of the key: 16, 24 or 32 bytes
        made = hashlib.pbkdf2_hmac("sha1", password, salt, ROUNDS, 2 * size + 2)
        return cls(made[:size], made[size : 2 * size], len(salt) + 2) if made[2 * size :] == check else None

    def anew(self) -> Self:
        """See Cipher."""
        return type(self)(*self._made_of)

    def decrypt(self, data: bytes) -> bytes:
        """See Cipher."""
        self._seal.update(data)
        return self._aes.decrypt(data)

    def finish(self, trailer: bytes) -> None:
        """See Cipher."""
        if not hmac.compare_digest(self._seal.digest()[:AUTHENTICATION], trailer):
            raise Damaged(results.BAD_CRC)
