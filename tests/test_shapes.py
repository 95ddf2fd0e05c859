"""Every public function of arrays says their shapes, so that each call in a test is checked against them."""

import ast

import pytest

from libi.runtime.rooms import PACKAGE

from .conftest import ROOMS

BARE = {"Tensor", "torch.Tensor", "np.ndarray"}
PLACES = [PACKAGE / room.replace(".", "/") for room in ROOMS]
FILES = sorted(path for place in PLACES for path in (*place.rglob("*.py"), place.with_suffix(".py")) if path.exists())


def functions(tree):
    """Those of a file and of its classes, but for what PyTorch itself calls or reads the types of."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not any(ast.unparse(base).endswith("Function") for base in node.bases):
            yield from (inner for inner in node.body if isinstance(inner, ast.FunctionDef))
        elif isinstance(node, ast.FunctionDef) and "custom_op" not in "".join(map(ast.unparse, node.decorator_list)):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_public_function_takes_or_returns_an_array_of_any_shape(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for function in functions(tree):
        if not function.name.startswith("_"):
            arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            types = [argument.annotation for argument in arguments] + [function.returns]
            found += [function.name for type_ in types if type_ is not None and ast.unparse(type_) in BARE]
    assert not found
