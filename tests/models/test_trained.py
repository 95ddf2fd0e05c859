"""A file of trained models tells with which networks it is read."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import libi
from libi.datasets import DATASETS, dataset_of
from libi.models.trained import TrainedModels, metadata_of
from libi.runtime.storage import save_table, save_tensors

OTHER = {"decoder_units": 7, "decoder_activation": "tanh", "encoder_bias": False}


def saved(path, dataset, about):
    tensors = {group: layout.draw(torch.Generator())[None] for group, layout in dataset.layouts.items()}
    save_tensors(path, tensors, about)
    return TrainedModels(path)


def test_models_are_read_with_the_networks_that_they_were_trained_with(tmp_path):
    dataset = dataset_of("mobius", OTHER)
    models = saved(tmp_path / "models", dataset, metadata_of("mobius", "libi", [0], ["default"], [0], OTHER))
    assert (models.dataset.decoder, models.dataset.encoder) == (dataset.decoder, dataset.encoder)
    mean, deviation = models.model("default", 0).encode(torch.zeros(2, 3).numpy())
    assert (mean == 0).all() and (deviation == 1).all()  # nothing comes of nothing without biases


@pytest.mark.parametrize("name", DATASETS)
def test_a_file_that_tells_nothing_of_networks_has_the_default_ones(tmp_path, name):
    about = metadata_of(name, "vae", [0], ["default"], [0])
    del about["architecture"]
    assert saved(tmp_path / "models", DATASETS[name], about).dataset.layouts == DATASETS[name].layouts


@pytest.fixture
def model(tmp_path):
    return saved(tmp_path / "models", DATASETS["mobius"], metadata_of("mobius", "vae", [0], ["default"], [0])).model(
        "default", 0
    )


@pytest.mark.parametrize("given", [[[0, 1], [2, 3]], np.array([[0, 1], [2, 3]], dtype=np.uint8), torch.eye(2)])
def test_any_real_numbers_can_be_encoded_and_decoded(model, given):
    as_floats = np.array([list(map(float, row)) for row in given])
    for function in (lambda x: model.encode(x)[0], model.decode):
        np.testing.assert_array_equal(function(given), function(as_floats))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((3, 4)), r"must be \[2, points\] for mobius, points last; got \[3, 4\]"),
        (np.zeros(2), r"got \[2\]"),
        ([], r"got \[0\]"),
        ([[1.0], [1.0, 2.0]], "its rows have different lengths"),
        ("text", "must be real numbers; got <U4"),
        ([["1", "2"], ["3", "4"]], "must be real numbers; got <U1"),
        (None, "must be real numbers; got object"),
        (np.zeros((2, 3), dtype=complex), "must be real numbers; got complex128"),
        (np.ma.masked_less(np.zeros((2, 3)), 1), "is a masked array"),
        ([np.ma.array([1.0, 2.0], mask=[0, 1])] * 2, "is a masked array"),
        (np.array([[0.0, np.nan], [np.inf, 0.0]]), "must be finite; 2 of its values are not"),
        (np.full((2, 2), np.longdouble("1e4000")), "must be finite; 4 of its values are not"),
        (torch.zeros(2, 3, device="meta"), "must be a tensor of plain real numbers"),
        (torch.zeros(2, 3).to(torch.float8_e5m2), "must be a tensor of plain real numbers"),
        ([torch.zeros(3, dtype=torch.bfloat16)] * 2, "must be real numbers; give one tensor, or lists of numbers"),
        (torch.zeros(2, 3).to_sparse(), r"is not a dense tensor; give \w+.to_dense\(\)"),
        (torch.zeros(2, 3, requires_grad=True), r"is a tensor with gradients, which end here; give \w+.detach\(\)"),
    ],
)
@pytest.mark.wrong_shapes
def test_what_cannot_be_encoded_or_decoded_is_refused_in_a_sentence(model, given, said):
    for function in (model.encode, model.decode):
        with pytest.raises(ValueError, match=said):
            function(given)


SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
TYPES = st.sampled_from([np.float64, np.float32, np.float16, np.int64, np.uint8, np.bool_, np.complex64, "<U3"])


@pytest.mark.wrong_shapes
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(array=st.tuples(TYPES, SHAPES).flatmap(lambda pair: hnp.arrays(*pair)), as_list=st.booleans())
def test_any_array_is_encoded_and_decoded_or_refused_in_a_sentence(model, array, as_list):
    what = array.tolist() if as_list else array
    for function in (lambda x: np.stack(model.encode(x)), model.decode):
        try:
            found = function(what)
        except ValueError as error:
            assert "must be" in str(error) or "rows" in str(error)
        else:
            numbers = np.asarray(what, dtype=float)
            assert numbers.ndim == 2 and found.shape[-2:] == (2, numbers.shape[1]) and np.isfinite(numbers).all()


def test_a_tensor_that_is_a_view_of_a_complex_one_is_decoded(model):
    """Its sign is not in its memory."""
    view = torch.full((2, 3), 1 - 2j).conj().imag
    assert view.is_neg() and np.array_equal(model.decode(view), model.decode(np.full((2, 3), 2.0)))


def test_half_precision_is_encoded_and_decoded(model):
    """Zeros and ones are exact in all of them."""
    for dtype in (torch.bfloat16, torch.float16, torch.float64, torch.int8):
        assert np.array_equal(model.decode(torch.ones(2, 3, dtype=dtype)), model.decode(np.ones((2, 3))))


@pytest.mark.parametrize(
    ("path", "said"), [("", "'' is not there"), (".", "'.' is a folder"), ("no", "'no' is not there")]
)
def test_what_cannot_be_loaded_is_named(path, said):
    with pytest.raises(FileNotFoundError, match=f"^{said}; name a training file"):
        libi.load(path)


@pytest.mark.parametrize("damage", ["edited", "header only", "empty", "gone"])
def test_the_records_beside_a_training_file_are_checked_from_any_folder(tmp_path, monkeypatch, damage):
    """They say which restart is the best. Their path is relative to the run's folder, which this process is not in."""
    run, file = tmp_path / "run", "results/training/gaussian/vae/0.safetensors"
    (run / file).parent.mkdir(parents=True)
    monkeypatch.chdir(run)
    layouts = DATASETS["gaussian"].layouts.items()
    tensors = {group: torch.stack([layout.draw(torch.Generator())] * 2) for group, layout in layouts}
    save_tensors(file, tensors, metadata_of("gaussian", "vae", [0, 0], ["default"] * 2, [0, 1]))
    records = {"replicate": 0, "configuration": "default", "restart": [0, 1], "diverged": False, "best_round": 1}
    save_table(file.replace(".safetensors", ".csv"), pd.DataFrame(records | {"validation_objective": [1.5, 1.0]}))
    path = run / file
    monkeypatch.chdir(tmp_path)
    for name in (path, "run" / path.relative_to(run), "run/../run" / path.relative_to(run)):
        assert libi.load(name).restart == 1
    (tmp_path / "results").mkdir()  # a folder of this name that is no study's, with a copy of the model in it
    shutil.copy(path, tmp_path / "results/copy.safetensors")
    shutil.copy(path.with_suffix(".csv"), tmp_path / "results/copy.csv")
    assert libi.load(tmp_path / "results/copy.safetensors").restart == 1
    with pytest.raises(KeyError, match="has no restart 0 of 'beta=3'"):
        libi.load(tmp_path / "results/copy.safetensors", "beta=3")
    (tmp_path / "results/copy.csv").write_text(path.with_suffix(".csv").read_text().split("\n")[0])
    with pytest.raises(ValueError, match="copy.csv has no restart of 'default'"):
        libi.load(tmp_path / "results/copy.safetensors")
    table = path.with_suffix(".csv")
    if damage == "gone":
        table.unlink()
    else:
        text = table.read_text()
        table.write_text(
            {"edited": text.replace("1.5", "0.5"), "header only": text.split("\n")[0], "empty": ""}[damage]
        )
    for name in (path, "run" / path.relative_to(run), "run/../run" / path.relative_to(run)):
        with pytest.raises((ValueError, FileNotFoundError), match="0.csv"):
            libi.load(name)


def test_a_model_in_the_place_of_another_method_s_is_refused(tmp_path):
    """As it is published, and as a run writes it."""
    saved(tmp_path / "vae.safetensors", DATASETS["gaussian"], metadata_of("gaussian", "vae", [0], ["default"], [0]))
    assert libi.load(tmp_path / "vae.safetensors").dataset.name == "gaussian"
    for copy in ("libi.safetensors", "lagging/0.safetensors"):
        (tmp_path / copy).parent.mkdir(exist_ok=True)
        shutil.copy(tmp_path / "vae.safetensors", tmp_path / copy)
        with pytest.raises(ValueError, match="is in the place of a model of (libi|lagging), but holds one of vae"):
            libi.load(tmp_path / copy)


@pytest.mark.parametrize("text", [None, "", "replicate\n0\n", "replicate,configuration,restart\n0,default,x\n"])
def test_records_that_say_nothing_of_the_restarts_are_named(tmp_path, text):
    layouts = DATASETS["gaussian"].layouts.items()
    tensors = {group: torch.stack([layout.draw(torch.Generator())] * 2) for group, layout in layouts}
    save_tensors(tmp_path / "0.safetensors", tensors, metadata_of("gaussian", "vae", [0, 0], ["default"] * 2, [0, 1]))
    if text is not None:
        (tmp_path / "0.csv").write_text(text)
    with pytest.raises(ValueError, match=r"0.csv is not the table of its restarts .*; name a restart by restart="):
        libi.load(tmp_path / "0.safetensors")
    assert libi.load(tmp_path / "0.safetensors", restart=1).restart == 1


def test_a_model_in_the_place_of_another_data_set_s_is_refused(tmp_path):
    saved(tmp_path / "right.safetensors", DATASETS["gaussian"], metadata_of("gaussian", "vae", [0], ["default"], [0]))
    (tmp_path / "mobius").mkdir()
    shutil.copy(tmp_path / "right.safetensors", tmp_path / "mobius/vae.safetensors")
    assert libi.load(tmp_path / "right.safetensors").dataset.name == "gaussian"
    with pytest.raises(ValueError, match="is in the place of a model of mobius, but holds one of gaussian"):
        libi.load(tmp_path / "mobius/vae.safetensors")
