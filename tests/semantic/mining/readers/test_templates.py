from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from semantic.mining.readers.templates import is_template, plain, references, without_optional


def test_plain_names_what_references_mean():
    text = "select * from {{ ref('pkg', 'orders') }} join {{ source('raw data', 'people') }}"
    assert plain(text) == 'select * from orders join "raw data".people'
    assert references(text) == (("orders",), ("raw data", "people"))


def test_plain_drops_settings_and_keeps_lines():
    assert plain("{{ config(\n  x=1\n) }}\nselect 1 {# no\ncomment #}") == "\n\n\nselect 1 \n"


def test_plain_keeps_the_first_branch_and_what_a_full_run_does():
    assert plain("a {% if x %}b{% else %}c{% endif %} d") == "a b d"
    assert plain("a {%- if is_incremental() -%}b{% else %}c{% endif %} d") == "a c d"
    assert (
        plain(
            "{% for x in y %}a{% endfor %}{% macro m() %}gone{% endmacro %}{% set q = 1 %}{% set z %}gone{% endset %}b"
        )
        == "ab"
    )


def test_plain_puts_a_placeholder_for_values_even_in_quotes():
    assert plain("x > '{{ var(\"start\") }}' and y = {{ this_day }}") == "x > ? and y = ?"
    assert plain("select {{ x }}::date from {{ schema }}.orders") == "select (?)::date from orders"


def test_plain_leaves_text_without_an_end_as_it_is():
    assert plain("select {{ a") == "select {{ a"
    assert not is_template("select {a}")


def test_without_optional_drops_what_runs_only_on_demand():
    assert without_optional("a [[and x = {{y}}]] b") == "a  b"


@given(st.text(alphabet="{}%# ifendelsset\n'()ref"))
def test_plain_never_fails(text: str):
    assert plain(text).count("\n") <= text.count("\n")
