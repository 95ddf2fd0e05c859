"""The names of claims, for people."""

from __future__ import annotations

from libi.paper.claims import says
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS

CELLS = "cell"
PARTS = {
    "henze_zirkler": "Henze–Zirkler",
    "population": "over all of p(x)",
    "trained": "trained models",
    "q": "of q",
    "p": "of p",
}


def claim_title(claim: str) -> str:
    """A claim in words: "S-kNN of VAE on LinearJTEx", "more rounds improve LiBI, Gaussian"."""
    name, *parts = claim.split("-")
    if name == CELLS:
        dataset, method, metric = parts
        return f"{PAPERS_METRICS[metric]} of {PAPERS_METHODS[method]} on {PAPERS_DATASETS[dataset]}"
    return ", ".join(filter(None, [base_title(claim), parts_of(claim)]))


def base_title(claim: str) -> str:
    """What a claim and those like it say, in words, whatever each is about: "more rounds improve LiBI"."""
    name = claim.split("-")[0]
    return str(says().get(name, {}).get("title", name.replace("_", " ")))


def parts_of(claim: str) -> str:
    """What a claim is about, in words: "LinearJTEx, mean distance"; empty if its title says it."""
    known = PAPERS_DATASETS | PAPERS_METHODS | PAPERS_METRICS | PARTS
    return ", ".join(known.get(part, part.replace("_", " ")) for part in claim.split("-")[1:])


def capital(words: str) -> str:
    """Words with a capital at the start, unless they start with a symbol, such as β."""
    return words[:1].upper() + words[1:] if words.split()[:1] and words.split()[0].isascii() else words
