"""`python -m libi.study` prints the JSON schema of a study's file, as config/schema.json holds it;
`python -m libi.study variants` that of a file of variants, config/variants.schema.json."""

import json
import sys

from libi.study.schema import study_schema, variants_schema

if __name__ == "__main__":
    schemas = {(): study_schema, ("variants",): variants_schema}
    if tuple(sys.argv[1:]) not in schemas:
        sys.exit("usage: python -m libi.study [variants]")
    sys.stdout.reconfigure(encoding="utf-8")
    print(json.dumps(schemas[tuple(sys.argv[1:])](), indent=2, ensure_ascii=False))
