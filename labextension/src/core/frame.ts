/** The frame of a cell as a Parquet file: Python that any kernel with the frame's own library can run. */

import { type Frame, ServerFault } from './client.js';
import { python } from './python.js';

const MIME = 'application/vnd.genie.frame+json';
const KEY = 'genie';

/* Which frame is meant is read from the code of the cell: the variable that its last line names or sets, else what its
 * last expression gave when it ran. Nothing of the cell is run again, and no name is left in the kernel. */
const SOURCE = `
import ast
import base64
import io

MIME = "${MIME}"
LIMIT = 24 * 1024 * 1024
LARGE = "{} is over 24 MiB as Parquet."
SMALLER = "Ask about fewer rows or columns of it."
KINDS = {
    ("pandas", "DataFrame"), ("pandas", "Series"), ("polars", "DataFrame"), ("polars", "Series"),
    ("polars", "LazyFrame"), ("pyarrow", "Table"), ("pyarrow", "RecordBatch"),
}


class Fault(Exception):
    pass


class Sent:
    def __init__(self, body):
        self.body = body

    def __repr__(self):
        return "frame"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {MIME: self.body}


class Sink(io.BytesIO):
    full = False

    def write(self, data):
        if self.tell() + memoryview(data).nbytes > LIMIT:
            self.full = True
            raise OSError("full")
        return super().write(data)


def kind_of(value):
    for kind in type(value).__mro__:
        found = (kind.__module__.partition(".")[0], kind.__name__)
        if found in KINDS:
            return found
    return None


def root_of(node):
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def names_in(source):
    if source.lstrip().startswith("%%"):
        return [word for word in source.split("\\n", 1)[0].split()[1:] if word.isidentifier()]
    code = "\\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!", "?")))
    body = ast.parse(code).body
    if not body:
        return []
    last = body[-1]
    if isinstance(last, ast.Assign):
        return [root_of(target) for target in last.targets]
    if isinstance(last, (ast.AnnAssign, ast.AugAssign)):
        return [root_of(last.target)]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Name):
        return [last.value.id]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and root_of(last.value.func) in ("display", "print"):
        return [argument.id for argument in last.value.args if isinstance(argument, ast.Name)]
    return []


def found_in(source, count, room):
    try:
        names = names_in(source)
    except SyntaxError:
        raise Fault("This cell is no Python that can be read.", "Choose the cell that makes or shows the DataFrame.")
    for name in names:
        if name and kind_of(room.get(name)):
            return name, room[name]
    shell = room["get_ipython"]() if "get_ipython" in room else None
    inputs = shell.history_manager.input_hist_raw if shell else []
    outputs = room.get("Out") or {}
    # After a restart the number of a cell may be that of another one.
    ran = count is not None and count < len(inputs) and inputs[count].strip() == source.strip()
    if ran and kind_of(outputs.get(count)):
        return "result", outputs[count]
    if ran or any(name in room for name in names if name):
        raise Fault("This cell ends with no DataFrame.", "Choose one whose last line is, or sets, a DataFrame of pandas, polars or pyarrow.")
    raise Fault("This cell has not run as it stands.", "Run it, so that its DataFrame is there.")


def unique(names):
    seen, found = set(), []
    for name in names:
        text = "_".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)
        other, number = text, 2
        while other.lower() in seen:
            other, number = "%s_%d" % (text, number), number + 1
        seen.add(other.lower())
        found.append(other)
    return found


def from_pandas(value):
    frame = value.to_frame() if hasattr(value, "to_frame") else value
    index, columns = frame.index, list(frame.columns)
    frame = frame.reset_index(drop=True)
    # An index of plain numbers says nothing; keys of groups and names of rows do.
    if index.nlevels > 1 or index.name is not None or getattr(index.dtype, "kind", "") not in ("i", "u"):
        names = ["index" if name is None else name for name in index.names]
        for i, name in enumerate(names):
            frame.insert(i, "key %d" % i, index.get_level_values(i).array, allow_duplicates=True)
        columns = names + columns
    frame.columns = unique(columns)
    return frame


def write(value, sink):
    home, kind = kind_of(value)
    if home == "pandas":
        frame = from_pandas(value)
        frame.to_parquet(sink, index=False)
        return len(frame)
    if kind == "LazyFrame":
        raise Fault("A LazyFrame has no rows yet.", "Collect it first: frame = frame.collect()")
    if home == "polars":
        frame = value.to_frame() if kind == "Series" else value
        frame.write_parquet(sink)
        return frame.height
    import pyarrow
    import pyarrow.parquet
    table = pyarrow.Table.from_batches([value]) if kind == "RecordBatch" else value
    pyarrow.parquet.write_table(table.rename_columns(unique(table.column_names)), sink)
    return table.num_rows


def sent(source, count, room):
    name, value = found_in(source, count, room)
    sink = Sink()
    try:
        rows = write(value, sink)
    except Fault:
        raise
    except Exception as error:
        if sink.full:
            raise Fault(LARGE.format(name), SMALLER)
        words = str(error).strip().split("\\n")[0][:200]
        raise Fault("%s cannot be written as Parquet: %s" % (name, words or type(error).__name__), "Convert the columns it names.")
    body = sink.getvalue()
    if sink.full or len(body) > LIMIT:
        raise Fault(LARGE.format(name), SMALLER)
    return {"name": name, "rows": rows, "parquet": base64.b64encode(body).decode()}


def export(source, count, room):
    try:
        return Sent(sent(source, count, room))
    except Fault as fault:
        return Sent({"message": fault.args[0], "hint": fault.args[1]})
`;

/** What a kernel is sent: no code, and one expression, whose value comes back with the reply. */
export function frameRequest(source: string, count: number | null): { [key: string]: unknown } {
  const where = `${python(source)}, ${count ?? 'None'}, globals()`;
  const expression = `(lambda room: exec(${python(SOURCE)}, room) or room["export"](${where}))({})`;
  return {
    code: '',
    silent: true,
    store_history: false,
    allow_stdin: false,
    stop_on_error: false,
    user_expressions: { [KEY]: expression }
  };
}

/** The frame in a kernel's reply to that. */
export function frameIn(reply: unknown): Frame {
  const told = (reply as { user_expressions?: { [key: string]: { data?: { [key: string]: unknown }; evalue?: string } } })
    .user_expressions?.[KEY];
  const body = told?.data?.[MIME] as Partial<Frame & { message: string; hint: string }> | undefined;
  if (body?.message) {
    throw new ServerFault(body.message, body.hint ?? '');
  }
  if (!body?.parquet || !body.name) {
    throw new ServerFault(`The kernel gave no frame${told?.evalue ? `: ${told.evalue}` : '.'}`, 'Is it a Python kernel?');
  }
  return { name: body.name, rows: body.rows ?? 0, parquet: body.parquet };
}
