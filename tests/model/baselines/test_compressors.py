import random

import pyppmd
import pytest

from model.baselines import compressors

WORDS = "the sea and a wind of salt in ship sail rope tide"
PROSE = " ".join(random.Random(1).choices(WORDS.split(), k=4000)).encode()


def test_what_is_known_costs_less():
    told = []

    found = {
        one.name: one
        for one in compressors.compressed(PROSE[:15_000], PROSE[15_000:], lambda *said: told.append(said[:3]))
    }

    assert list(found) == ["zstd -19 --long", "xz -9", "PPMd-H order 8"]
    assert all(0 < one.after_training < one.alone < 8 for one in found.values())
    assert found["PPMd-H order 8"].after_training < found["xz -9"].after_training
    assert told == [("compress", done, 9) for done in range(10)]


@pytest.mark.parametrize("pack", compressors.COMPRESSORS.values())
def test_a_stretch_that_came_long_before_is_found_again(pack):
    noise = random.Random(2).randbytes(400_000)

    assert pack(noise + noise[:50_000]) - pack(noise) < 30_000


@pytest.mark.parametrize("body", [b"", b"a", PROSE])
@pytest.mark.parametrize("pack", compressors.COMPRESSORS.values())
def test_any_body_has_a_size(pack, body):
    assert 0 <= pack(body) <= len(body) + 200


def test_ppmd_can_be_unpacked_from_what_is_counted():
    encoder = pyppmd.Ppmd7Encoder(compressors.PPMD_ORDER, compressors.PPMD_MEMORY)
    packed = encoder.encode(PROSE) + encoder.flush()

    decoder = pyppmd.Ppmd7Decoder(compressors.PPMD_ORDER, compressors.PPMD_MEMORY)

    assert decoder.decode(packed, len(PROSE)) == PROSE
    assert len(packed) == compressors.ppmd(PROSE)
