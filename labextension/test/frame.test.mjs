import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { frameIn, frameRequest } from '../lib/core/frame.js';

// Each case in a room of its own, as a kernel's namespace; the file that comes back is read again.
const RUN = `
import base64, io, json, os, sys
def table(found):
    import pyarrow.parquet
    read = pyarrow.parquet.read_table(io.BytesIO(base64.b64decode(found["parquet"])))
    return [[name, values] for name, values in zip(read.column_names, (column.to_pylist() for column in read.columns))]
def told(setup, expression, after):
    room = {"Out": {}}
    exec(setup, room)
    left = set(room)
    found = eval(expression, room)._repr_mimebundle_()
    assert set(room) == left, set(room) - left
    exec(after, room)
    body = next(iter(found.values()))
    columns = table(body) if len(body.get("parquet", "")) in range(1, 100_000) else None
    return {"reply": {"user_expressions": {"genie": {"status": "ok", "data": found}}}, "columns": columns}
print(json.dumps([told(*case) for case in json.load(sys.stdin)]), flush=True)
# Threads of the libraries may still end while the interpreter does, which aborts it now and then.
os._exit(0)
`;
// A shell that ran one cell, as the kernel's own does.
const SHELL = (source, result) => `
class Shell: pass
shell = Shell(); shell.history_manager = Shell()
shell.history_manager.input_hist_raw = ["", ${JSON.stringify(source)}]
get_ipython = lambda: shell
Out[1] = ${result}
`;
const PANDAS = 'import pandas as pd\ndf = pd.DataFrame({"channel": ["web", "store", "web"], "amount": [1, 2, 4]})\n';

/** What the kernel gives for cases of [setup, source, count?, after?]: each a frame with its columns, or a fault. */
function frames(...cases) {
  const asked = cases.map(([setup, source, count = null, after = '']) => [setup, frameRequest(source, count).user_expressions.genie, after]);
  const told = JSON.parse(execFileSync('python', ['-c', RUN], { input: JSON.stringify(asked), encoding: 'utf8', maxBuffer: 1e8 }));
  return told.map(({ reply, columns }) => {
    try {
      const { name, rows } = frameIn(reply);
      return { name, rows, columns };
    } catch (fault) {
      return fault.message;
    }
  });
}

test('the frame is the variable that the last line names, sets or shows', () => {
  const columns = [['channel', ['web', 'store', 'web']], ['amount', [1, 2, 4]]];
  const sources = ['df', 'df = read()\n', 'x = 1\ndf["z"] = 3', 'df.columns = []', 'display(df)', '%time 1\ndf', '%%ask df\nHow many?'];
  for (const found of frames(...sources.map(source => [PANDAS, source]))) {
    assert.deepEqual(found, { name: 'df', rows: 3, columns });
  }
});

test('an expression is what it gave when the cell ran, and is not run again', () => {
  const source = 'df.head(1)';
  const [found, other, never] = frames(
    [PANDAS + SHELL(source, 'df.head(1)'), source, 1],
    [PANDAS + SHELL('df.tail(1)', 'df.tail(1)'), source, 1],
    [PANDAS, source, 7]
  );
  assert.deepEqual(found, { name: 'result', rows: 1, columns: [['channel', ['web']], ['amount', [1]]] });
  assert.match(other, /has not run as it stands/);
  assert.match(never, /has not run as it stands/);
});

test('what is no frame is said in words', () => {
  const [figure, unset, broken, empty] = frames(['number = 3', 'number'], ['', 'df'], ['', 'def ('], ['', '']);
  assert.match(figure, /ends with no DataFrame/);
  assert.match(unset, /has not run/);
  assert.match(broken, /no Python/);
  assert.match(empty, /has not run/);
});

test('keys of groups and names of rows become columns, numbers of rows do not', () => {
  const [sums, some, sizes, facts] = frames(
    [PANDAS + 'g = df.groupby("channel").sum()', 'g'],
    [PANDAS + 'g = df[df.amount > 1]', 'g'],
    [PANDAS + 'g = df.groupby(["channel", "amount"]).size()', 'g'],
    [PANDAS + 'g = df.describe()', 'g']
  );
  assert.deepEqual(sums.columns, [['channel', ['store', 'web']], ['amount', [2, 5]]]);
  assert.deepEqual(some.columns, [['channel', ['store', 'web']], ['amount', [2, 4]]]);
  assert.deepEqual(sizes.columns.map(([name]) => name), ['channel', 'amount', '0']);
  assert.deepEqual([facts.columns[0][0], facts.columns[0][1][0]], ['index', 'count']);
});

test('names that a table cannot hold twice get a number, and the frame of the kernel stays as it is', () => {
  const setup = 'import pandas as pd\ndf = pd.DataFrame([[1, 2, 3]], columns=["a", "A", 7])';
  const [found] = frames([setup, 'df', null, 'assert list(df.columns) == ["a", "A", 7]']);
  assert.deepEqual(found.columns, [['a', [1]], ['A_2', [2]], ['7', [3]]]);
});

test('tables of pyarrow are frames', () => {
  const [found] = frames(['import pyarrow\nt = pyarrow.table({"a": [1, 2]})', 't']);
  assert.deepEqual(found, { name: 't', rows: 2, columns: [['a', [1, 2]]] });
});

test('what is too large, or no Parquet can hold, is said in words', () => {
  const [large, odd] = frames(
    ['import numpy, pandas as pd\ndf = pd.DataFrame({"a": numpy.random.default_rng(1).random(4_000_000)})', 'df'],
    ['import pandas as pd\ndf = pd.DataFrame({"odd": [1, "a", object()]})', 'df']
  );
  assert.match(large, /df is over 24 MiB/);
  assert.match(odd, /df cannot be written as Parquet/);
});

test('a kernel of another language is told from a Python one', () => {
  assert.throws(() => frameIn({ status: 'ok' }), /gave no frame/);
  assert.throws(() => frameIn({ user_expressions: { genie: { status: 'error', evalue: 'nope' } } }), /nope/);
});
