from __future__ import annotations

from semantic.facts import Metric, Term
from semantic.mining.terms import tie_terms
from semantic.types import TableId

SALES = (TableId("shop", "main", "sales"),)


def metric(name: str, **more: object) -> Metric:
    return Metric(name=name, expression="COUNT(*)", tables=SALES, **more)  # type: ignore[arg-type]


def test_tie_terms_gives_a_metric_the_other_words_of_its_term():
    terms = [Term(term="Monthly recurring revenue", definition="Sum of plans.", synonyms=("MRR",))]
    (tied,) = tie_terms([metric("mrr_usd")], terms)
    assert (tied.synonyms, tied.description) == (("Monthly recurring revenue",), "Sum of plans.")


def test_tie_terms_keeps_what_the_metric_says_itself():
    terms = [Term(term="Return rates", definition="Share of returns.", synonyms=("RR", "return share"))]
    (tied,) = tie_terms([metric("returns", label="return rate", description="Own.", synonyms=("return share",))], terms)
    assert (tied.synonyms, tied.description) == (("return share", "RR"), "Own.")


def test_tie_terms_leaves_other_metrics_alone():
    metrics = [metric("revenue"), metric("net_revenue_usd")]
    assert tie_terms(metrics, [Term(term="Gross revenue", definition="Before refunds.")]) == metrics
