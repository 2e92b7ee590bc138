/** The answer as it travels: what `genie_ext.display_json.to_json` writes, version 1. */

export const MIME = 'application/vnd.genie.answer+json';

export type Cell = string | number | boolean | null | Cell[] | { [key: string]: Cell };

export interface Rows {
  columns: { name: string; type: string }[];
  data: Cell[][];
  truncated: boolean;
}

export interface Filter {
  phrase: string;
  /** Absent where the condition is one with a name. */
  values?: Cell[];
}

export interface Step {
  filters: Filter[];
}

export interface Plan {
  interpretation: string;
  assumptions: string[];
  filters: string[];
  steps: Step[];
}

export interface Finding {
  check: string;
  severity: 'ok' | 'note' | 'warning' | 'error';
  message: string;
  evidence: string;
  suggestion: string;
}

export interface Part {
  name: string;
  purpose: string;
  sql: { text: string } | null;
  rows: Rows | null;
  findings: Finding[];
}

export interface Spent {
  calls: number;
  cached: number;
  tokens_in: number;
  tokens_out: number;
  usd: number;
  unpriced: number;
}

export interface Turn {
  version: number;
  kind: 'answer' | 'clarification' | 'refusal';
  question: { text: string; thread: string };
  answer: {
    text: string;
    key_figure: string;
    confidence: number;
    reasons: string[];
    label: string;
    chart: { [key: string]: unknown } | null;
  } | null;
  clarification: { question: string; choices: string[]; readings: string[] } | null;
  refusal: { reason: string; missing: string[]; suggestions: string[] } | null;
  plan: Plan | null;
  sql: { text: string; tables: string[] } | null;
  rows: Rows | null;
  sources: string[];
  findings: Finding[];
  parts: Part[];
  tier: string;
  routed: string[];
  seconds: number;
  privacy: string;
  fallback: string;
  spent: Spent;
}

/** A turn as the server keeps it, with the name of the frame that it is about, if it is. */
export interface Kept {
  id: string;
  turn: Turn;
  about?: string;
}

/** A question with what became of it so far. */
export interface Message {
  key: string;
  question: string;
  steps: { kind: string; text: string }[];
  id?: string;
  turn?: Turn;
  /** The frame that it was asked of; nothing where it was the lake. */
  about?: string;
  fault?: Fault;
}

export interface Fault {
  message: string;
  hint: string;
}

export interface Thread {
  id: string;
  title: string;
  asked: string;
  count: number;
}

export interface Status {
  lake: { path: string; name: string; tables: number } | null;
  lakes: { path: string; name: string }[];
  privacy: string;
  models: { name: string; tier: string; local: boolean }[];
  budget: { day: number | null; spent: number };
  index: string;
}
