/** What a person does with an answer in the notebook: put code below the current cell, and run it where wanted. */

import { type INotebookTracker, NotebookActions } from '@jupyterlab/notebook';

import { python } from '../core/python';
import type { Fault, Turn } from '../core/types';
import { kernelFault } from './kernel';

const MAGIC = '%load_ext genie_ext';

/** Inserts a cell below the current one of the current notebook; returns why it could not, or not run it. */
export async function insert(tracker: INotebookTracker | null, code: string, run = false): Promise<Fault | null> {
  const panel = tracker?.currentWidget;
  if (!panel) {
    return { message: 'No notebook is open.', hint: 'Open one: the code goes below its current cell.' };
  }
  await panel.context.ready;
  const fault = run ? kernelFault(panel) : null;
  if (fault) {
    return fault;
  }
  NotebookActions.insertBelow(panel.content);
  panel.content.activeCell?.model.sharedModel.setSource(code);
  if (run) {
    await NotebookActions.run(panel.content, panel.sessionContext);
  }
  return null;
}

export function askCode(turn: Turn, lake: string): string {
  const connect = lake ? `%genie connect ${lake}\n` : '';
  return `${MAGIC}\n${connect}%ask ${turn.question.text.replace(/\s+/g, ' ')}`;
}

/** Code that runs without the panel: the query over the lake, through the same guard. */
export function sqlCode(sql: string, lake: string): string {
  return `import duckdb\n\nwith duckdb.connect(${python(lake)}, read_only=True) as lake:\n    rows = lake.execute(${python(sql)}).df()\nrows`;
}

export function frameCode(turn: Turn): string {
  const rows = turn.rows ?? { columns: [], data: [] };
  const columns = rows.columns.map(column => column.name);
  const text = python(JSON.stringify(rows.data));
  return `import json\n\nimport pandas as pd\n\nanswer = pd.DataFrame(json.loads(${text}), columns=${JSON.stringify(columns)})\nanswer`;
}
