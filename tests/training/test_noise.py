"""The random numbers of training: known answers, moments, and independence of the stack."""

import pytest
import torch
from scipy import stats

from libi.runtime.seeding import name_of
from libi.training.compilation import COMPILED, Compiled
from libi.training.noise import CHUNK, batches_of, chunk_counters, chunk_keys, chunk_orders, normal_draws, threefry

# Known answers of Threefry-2x32 with 20 rounds, published with Random123 (kat_vectors): counter, key, result.
KNOWN = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


def words(pair):
    return tuple(torch.tensor([word], dtype=torch.int64).to(torch.int32) for word in pair)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_threefry_gives_its_published_answers(counter, key, expected):
    assert tuple(word.item() & 0xFFFFFFFF for word in threefry(words(key), words(counter))) == expected


def draws(labels, function=normal_draws):
    keys = chunk_keys([name_of(*each) for each in labels], phase=1, chunk=2)
    return torch.cat([function(epoch, keys) for epoch in chunk_counters(3, 20)], 1)


def test_noise_streams_are_equal_to_the_bit_in_any_stack():
    labels = [(0, "model", number) for number in range(5)]
    together = draws(labels)
    assert together.shape == (5, CHUNK * 3, 2, 20)
    for row, label in enumerate(labels):
        assert torch.equal(draws([label])[0], together[row])


@pytest.mark.long
def test_compiled_noise_is_equal_to_the_bit_in_any_stack():
    """As compiled PyTorch draws it, where there is no kernel."""
    labels, compiled = [(0, "model", number) for number in range(5)], Compiled(normal_draws, "normal-draws")
    together = draws(labels, compiled)
    assert compiled.way == COMPILED  # and not as it is, after a warning
    torch.testing.assert_close(together, draws(labels), rtol=1e-5, atol=1e-6)
    for row, label in enumerate(labels):
        assert torch.equal(draws([label], compiled)[0], together[row])


def test_noise_is_standard_normal_and_independent():
    noise = draws([(0, "model", number) for number in range(40)]).double()
    assert stats.kstest(noise.flatten().numpy(), "norm").pvalue > 1e-3
    rows = noise.transpose(1, 2).reshape(80, -1)  # a model and latent dimension a row
    correlation = torch.corrcoef(rows) - torch.eye(80)
    assert correlation.abs().max() < 5.5 / rows.shape[1] ** 0.5
    serial = (noise[..., 1:] * noise[..., :-1]).mean()
    assert abs(serial) < 4 / noise[..., 1:].numel() ** 0.5


def test_models_phases_and_chunks_have_streams_of_their_own():
    keys = {
        tuple(chunk_keys([name_of(0, model)], phase, chunk)[0].tolist())
        for model in "ab"
        for phase in (0, 1)
        for chunk in (0, 1)
    }
    assert len(keys) == 8


def test_an_epoch_sees_every_point_once_in_a_new_order():
    x = torch.arange(60.0).reshape(1, 1, 60)
    orders = chunk_orders(60, [(0, "data")], phase=0, chunk=0)
    epochs = [torch.cat(epoch, 2).flatten().tolist() for epoch in batches_of(x, orders, 20)]
    assert all(sorted(epoch) == list(range(60)) for epoch in epochs)
    assert len(set(map(tuple, epochs))) == CHUNK
