"""The typed configuration of a study, and the list of all models it means.

A study is one complete YAML file: nothing in it has a default, so that every choice behind a result is
written where the result's owner can see it. The Snakefile imports this room, which therefore knows
nothing of arrays and tensors.

    study = libi.study.reading.read_study("config/config.yaml")
    len(list(study.models()))         # 8400

`python -m libi.study > config/schema.json` writes the JSON schema that editors check a study against.
"""
