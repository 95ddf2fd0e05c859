"""Check a study's file, or print a JSON schema or the table of keys.

`python -m libi.study check FILE` says what is wrong with a study's file, or what it is. `python -m libi.study` prints
the schema of a study's file (config/schema.json), and `python -m libi.study variants` that of a file of variants
(config/variants.schema.json). `python -m libi.study keys FILE` prints a study's keys as a table (config/README.md).
"""

import json
import sys

from libi.base.values import StudyError
from libi.runtime.rooms import RoomError

try:
    from libi.datasets import dataset_of
    from libi.study.keys import keys_to_markdown
    from libi.study.reading import read_study
    from libi.study.schema import study_schema, variants_schema
    from libi.study.variants import read_family
except RoomError as error:  # of a file that is no method, metric, ...
    raise SystemExit(str(error)) from None

USAGE = "usage: python -m libi.study [variants | check FILE | keys FILE]"


def check(file: str) -> str:
    """What a study's file is, in a sentence. Its data sets are opened, which imports PyTorch.

    Raises:
        StudyError: if it is none, with all that is wrong.
        RoomError: if one of its data sets is none.
    """
    family = read_family(file)
    for study in family.values():
        for name in study.dataset_names():
            dataset_of(name, study.architecture_of(name))
    models = sum(sum(1 for _ in study.models()) for study in family.values())
    studies = f"{len(family)} studies, {family.name} and its variants" if family.varied else f"the study {family.name}"
    return f"{file}: {studies}, with {models:,} models on {', '.join(family.dataset_names())}"


def main(arguments: list[str]) -> str:
    """What the program prints.

    Raises:
        SystemExit: if a study is wrong, or the arguments are.
    """
    match arguments:
        case ["check", file]:
            try:
                return check(file)
            except (RoomError, StudyError) as error:
                raise SystemExit(str(error)) from None
        case ["keys", file]:
            return keys_to_markdown(read_study(file))
        case []:
            return json.dumps(study_schema(), indent=2, ensure_ascii=False)
        case ["variants"]:
            return json.dumps(variants_schema(), indent=2, ensure_ascii=False)
    raise SystemExit(USAGE)


if __name__ == "__main__":
    sys.stdout.buffer.write(f"{main(sys.argv[1:])}\n".encode())
