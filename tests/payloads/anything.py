"""Arbitrary JSON for property tests, shaped enough to reach deep into the parsers."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from federation.protocol.documents import AS

# Generation time depends on the machine's other work, so neither limit tells anything here.
patient = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=["Cs"]), max_size=8)
)


def json_values(*likely: str) -> st.SearchStrategy[Any]:
    """Any JSON value in which some strings are likelier than chance would have it."""
    leaves = _scalars | st.sampled_from(likely) if likely else _scalars
    names = st.text(max_size=3) | st.sampled_from(likely) if likely else st.text(max_size=3)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
        max_leaves=15,
    )


def documents(names: str, *likely: str) -> st.SearchStrategy[dict[str, Any]]:
    """Documents with these property names, separated by spaces, at every level."""
    fields = names.split()
    values = json_values(*fields, *likely, "https://remote.example/users/alice", "https://remote.example/1")
    return st.dictionaries(st.sampled_from(fields), values).map(lambda found: {"@context": AS, **found})
