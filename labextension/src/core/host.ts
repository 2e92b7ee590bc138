/** What the place an answer stands in can do: the panel, the output of a cell, or the phone page. */

import type { Fault, Rows, Turn } from './types';

export interface Host {
  /** Draws a Vega-Lite chart into a node; absent where there is nothing to draw it with. */
  chart?: (spec: { [key: string]: unknown }, node: HTMLElement) => () => void;
  copy: (text: string) => void;
  save: (blob: Blob, name: string) => void;
  /** Draws the chart of a turn to a picture; where charts cannot be drawn in place. */
  picture?: (id: string, width: number) => Promise<Blob>;
  /** Downloads the rows of a turn as Parquet. */
  parquet?: (id: string) => void;
  /** Asks a question in the thread of the answer. */
  ask?: (question: string) => void;
  /** Runs edited SQL through the guard. */
  run?: (sql: string) => Promise<{ rows: Rows } | Fault>;
  /** Puts code below the current cell of the notebook. */
  insertSql?: (turn: Turn, sql: string) => void;
  insertAsk?: (turn: Turn) => void;
  /** Puts the rows into a DataFrame of the kernel. */
  sendFrame?: (turn: Turn) => void;
  /** Sends what a person thinks of it; resolves to what came of that. */
  note?: (path: 'feedback' | 'verify' | 'case', body: { [key: string]: string }) => Promise<string>;
}

/** What is left to do with an answer about a frame: its SQL means nothing over the lake. */
export function ofFrame({ chart, picture, copy, save, parquet, ask, sendFrame }: Host): Host {
  return { chart, picture, copy, save, parquet, ask, sendFrame };
}

export function isFault(value: object): value is Fault {
  return 'message' in value && 'hint' in value;
}
