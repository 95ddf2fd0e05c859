"""Print a JSON schema.

`python -m libi.study` prints that of a study's file (config/schema.json), and `python -m libi.study variants` that of a
file of variants (config/variants.schema.json).
"""

import json
import sys

from libi.study.schema import study_schema, variants_schema

if __name__ == "__main__":
    schemas = {(): study_schema, ("variants",): variants_schema}
    if tuple(sys.argv[1:]) not in schemas:
        sys.exit("usage: python -m libi.study [variants]")
    text = json.dumps(schemas[tuple(sys.argv[1:])](), indent=2, ensure_ascii=False)
    sys.stdout.buffer.write(f"{text}\n".encode())
