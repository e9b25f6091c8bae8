"""The list of what is forgotten: it knows what it is asked, tells nobody what is on it, and is never taken for none."""

import pytest

from corpusmill.errors import CorruptError
from corpusmill.store import tombstones
from corpusmill.store.tombstones import SHORTEST, Tombstones


def stones(**values) -> Tombstones:
    made = Tombstones()
    for kind, value in values.items():
        made = made.adding(kind, [value])
    return made


@pytest.mark.parametrize(
    ("kind", "value", "source", "found"),
    [
        ("address", "https://host/a", "https://host/a", "https://host/a"),
        ("address", "https://host/a", "https://host/ab", ""),
        ("address", "https://host/a.zip", "https://host/a.zip!/b.txt", "https://host/a.zip"),
        ("address", "https://host/a.zip!/b.txt", "https://host/a.zip!/b.txt", "https://host/a.zip!/b.txt"),
        ("address", "https://host/a.zip!/b.txt", "https://host/a.zip", ""),
        ("prefix", "https://host/~me/", "https://host/~me/b", "https://host/~me/b"),
        ("prefix", "https://host/~me/", "https://host/~me", ""),
        ("id", "0" * 32, "https://host/a", ""),
    ],
)
def test_an_address_is_known_with_all_that_is_in_it(kind, value, source, found):
    assert stones(**{kind: value}).address(source) == found


def test_a_document_is_known_by_any_of_its_names():
    asked = stones(id="0" * 32, author="A. Miller", licence="MIT", address="file:a")
    none = ("1" * 32, "file:b", "Other", "CC0-1.0")
    assert not asked.document(*none)
    for place, value in enumerate(("0" * 32, "file:a", "a. miller", "mit")):
        assert asked.document(*none[:place], value, *none[place + 1 :])
    assert not Tombstones().document("", "", "", "")


def test_a_copy_is_known_from_a_length_on():
    long, short = "x" * SHORTEST, "x" * (SHORTEST - 1)
    asked = stones().adding("text", [long, short])
    assert asked.text(long)
    assert not asked.text(short)


def test_it_is_kept_as_hashes_and_comes_back(store):
    made = stones(address="https://host/secret", prefix="https://other/secret", author="Secret")
    assert tombstones.load(store, "mill") == Tombstones()
    tombstones.save(store, "mill", made)
    assert tombstones.load(store, "mill") == made
    assert b"secret" not in tombstones.path_of(store, "mill").read_bytes().lower()


def test_two_lists_hash_the_same_differently():
    assert stones(id="0" * 32).masked_id("0" * 32) != stones(id="0" * 32).masked_id("0" * 32)
    assert stones(id="0" * 32).mask("file:a") != stones(id="0" * 32).mask("file:a")


def test_a_mask_is_its_own_and_forgotten():
    asked = stones(address="file:a")
    mask = asked.mask("file:a")
    assert (asked.mask(mask), asked.address(mask)) == (mask, mask)


def test_a_build_is_told_of_what_decides_it():
    asked = stones(id="0" * 32)
    assert Tombstones().digest == stones().adding("blob", ["0" * 64]).digest == ""
    assert asked.digest == asked.adding("blob", ["0" * 64]).digest != asked.adding("id", ["1" * 32]).digest


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:-9], lambda b: b.replace(b"address", b"adress_")])
def test_a_damaged_list_is_an_error(store, damage):
    tombstones.save(store, "mill", stones(address="file:a"))
    path = tombstones.path_of(store, "mill")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptError, match=r"forgotten\.json is damaged"):
        tombstones.load(store, "mill")


def test_any_flipped_bit_of_it_is_an_error_or_the_same(store):
    made = stones(address="file:a")
    tombstones.save(store, "mill", made)
    path = tombstones.path_of(store, "mill")
    body = path.read_bytes()
    for place in range(0, len(body) * 8, 7):
        spoilt = bytearray(body)
        spoilt[place // 8] ^= 1 << place % 8
        path.write_bytes(spoilt)
        try:
            assert tombstones.load(store, "mill") == made
        except CorruptError:
            continue
