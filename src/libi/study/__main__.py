"""`python -m libi.study` prints the JSON schema of a study's file, as config/schema.json holds it."""

import json
import sys

from libi.study.models import Study

if __name__ == "__main__":
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Study.model_json_schema()}
    sys.stdout.reconfigure(encoding="utf-8")
    print(json.dumps(schema, indent=2, ensure_ascii=False))
