from __future__ import annotations

import json

import pytest

from genie_ext.cli.main import run

WEEKLY = """
-- Revenue by city
SELECT c.city, sum(o.amount) AS revenue FROM orders o JOIN customers c ON o.customer_id = c.customer_id
WHERE o.status = 'paid' GROUP BY 1;
"""
MODEL = """
version: 0.1.1
semantic_model:
- name: shop
  datasets:
  - name: orders
    source: shop.main.orders
    description: One row per order
    ai_context: {synonyms: [purchases]}
  metrics:
  - name: returned_orders
    description: Orders that came back.
    expression: {dialects: [{dialect: ANSI_SQL, expression: count(DISTINCT orders.order_id)}]}
    ai_context: {filters: ["orders.status = 'returned'"]}
"""


@pytest.fixture
def lake(shop, tmp_path, monkeypatch):
    """A lake with queries and a model of another tool, indexed."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "said"
    folder.mkdir()
    (folder / "weekly.sql").write_text(WEEKLY, encoding="utf-8")
    (folder / "bi.ossie.yaml").write_text(MODEL, encoding="utf-8")
    monkeypatch.setenv("GENIE_ENCODER", "hashing")
    assert run(["index", "--lake", str(shop), "--sources", str(folder)]) == 0
    return shop


@pytest.fixture
def model(lake, capsys):
    """Run genie model and return its exit code and what it wrote to stdout and stderr."""

    def call(*words):
        capsys.readouterr()
        code = run(["model", *words, "--lake", str(lake)])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def files(lake):
    return lake.parent / ".genie" / lake.name


def proposals(model):
    return {p["name"]: p for p in json.loads(model("diff", "--json")[1])["proposals"]}


def test_model_diff_lists_what_was_mined_with_its_source(model):
    code, out, err = model("diff")
    assert (code, err) == (0, "")
    assert "Not in the files yet; genie model init writes these:" in out
    (line,) = [line for line in out.splitlines() if "returned_orders" in line]
    assert line.split()[1:3] == ["metric", "returned_orders"]
    assert "COUNT(DISTINCT order_id) where status = 'returned'" in line
    assert "bi.ossie.yaml:metric returned_orders" in line


def test_model_review_from_proposal_to_the_index(model, files, lake, capsys):
    assert model("init")[0] == 0
    found = proposals(model)
    assert {p["state"] for p in found.values()} == {"waiting"}
    assert found["returned_orders"]["sources"][0]["kind"] == "ossie"
    code, out, _ = model("accept", found["returned_orders"]["id"][:7])
    assert (code, out.split()[:2]) == (0, ["1", "accepted"])
    assert model("reject", found["revenue"]["id"])[0] == 0
    assert "returned_orders" not in proposals(model)
    assert "revenue" not in proposals(model)
    assert model("init")[1].startswith("Nothing is new")
    assert model("check")[0] == 0
    text = (files / "model.ossie.yaml").read_text(encoding="utf-8")
    (files / "model.ossie.yaml").write_text(text.replace("One row per order", "Every order placed"), encoding="utf-8")
    assert run(["index", "--lake", str(lake)]) == 0
    from semantic.index import Index
    from semantic.lake import find_lake
    from semantic.vectors.encoders import find_encoder

    with Index.open(find_lake(lake), encoder=find_encoder("hashing")) as index:
        facts = index.facts()
        orders = next(table for table in map(index.table, index.table_ids()) if table.id.name == "orders")
    metrics = {metric.name: metric for metric in facts.metrics}
    assert metrics["returned_orders"].sources[0].kind == "person"
    assert "revenue" not in metrics
    assert orders.comment == "Every order placed"


def test_model_accept_takes_all_that_a_kind_of_source_says(model, files):
    assert model("accept", "--all-from", "ossie")[0] == 0
    assert "purchases" in (files / "model.ossie.yaml").read_text(encoding="utf-8")
    assert {p["sources"][0]["kind"] for p in proposals(model).values()} == {"sql"}
    assert "Nothing that ossie says waits" in model("accept", "--all-from", "ossie")[1]


def test_model_accept_wants_an_id_that_is_one(model):
    code, _, err = model("accept")
    assert code == 2
    assert "Name at least one ID" in err
    code, _, err = model("reject", "m-zzz")
    assert code == 2
    assert err == "m-zzz is no proposal. genie model diff lists the proposals with their ids.\n"


def test_model_init_writes_chosen_tables_whole(model, files):
    assert model("init", "--tables", "cust*")[0] == 0
    assert "name: city" in (files / "model.ossie.yaml").read_text(encoding="utf-8")
    code, _, err = model("init", "--tables", "nothing")
    assert code == 2
    assert "No table fits 'nothing'" in err


def test_model_check_says_where_the_files_are_missing(model, files):
    code, out, _ = model("check")
    assert (code, out) == (0, f"There are no files in {files} yet; genie model init writes them.\n")


def test_model_check_ends_with_1_and_tells_file_line_and_key(model, files):
    model("init")
    path = files / "model.ossie.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if "COUNT(DISTINCT" in line)
    lines[number - 1] = lines[number - 1].replace("order_id", "ordr_id")
    path.write_text("\n".join(lines).replace("          status: proposed\n", ""), encoding="utf-8")
    code, out, _ = model("check")
    assert code == 1
    assert (
        f"error: model.ossie.yaml:{number - 2}: metrics[" in out or "].expression: orders has no column ordr_id" in out
    )
    code, out, _ = model("check", "--json")
    assert code == 1
    problem = json.loads(out)["problems"][0]
    assert (problem["level"], problem["file"]) == ("error", "model.ossie.yaml")


def test_model_check_works_while_a_file_is_broken(model, files):
    files.mkdir(exist_ok=True)
    (files / "knowledge.yaml").write_text("rules: [\n", encoding="utf-8")
    code, out, _ = model("check")
    assert code == 1
    assert out.startswith("error: knowledge.yaml:")
    code, _, err = model("init")
    assert code == 2
    assert "knowledge.yaml:" in err


def test_model_files_may_stand_elsewhere(model, lake, tmp_path):
    (lake.parent / "genie.toml").write_text('model = "meaning"\n', encoding="utf-8")
    assert model("init")[0] == 0
    assert (lake.parent / "meaning" / "model.ossie.yaml").is_file()


def test_model_diff_shows_no_characters_that_steer_the_terminal(model, tmp_path, lake):
    (tmp_path / "said" / "evil.sql").write_text(
        "-- \x1b[31mRed\x1b[0m orders\nSELECT count(*) AS red FROM orders\n", encoding="utf-8"
    )
    assert "\x1b" not in model("diff")[1]
