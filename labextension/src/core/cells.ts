/** Cells as text: for the grid, for the clipboard and for CSV. */

import type { Cell, Rows } from './types';

const NUMERIC = /int|float|double|decimal|numeric|real/i;

export function isNumeric(type: string): boolean {
  return NUMERIC.test(type) && !/list|struct|map/i.test(type);
}

/** The cell as people read it; large numbers get thin groups, and nothing else is changed. */
export function shown(cell: Cell): string {
  if (cell === null) {
    return '';
  }
  if (typeof cell === 'number') {
    return cell.toLocaleString('en-US', { maximumFractionDigits: 6 });
  }
  return visible(typeof cell === 'object' ? JSON.stringify(cell) : String(cell));
}

/** A text whose signs stand where they are: those that turn its direction, or hide in it, are shown by their number. */
export function visible(text: string): string {
  return text.replace(/[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, sign => {
    const code = sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return `[U+${code}]`;
  });
}

/** The cell as other programs read it. */
export function raw(cell: Cell): string {
  return cell === null ? '' : typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

export function asTsv(rows: Rows): string {
  const clean = (text: string): string => text.replace(/[\t\r\n]+/g, ' ');
  const lines = [rows.columns.map(column => column.name), ...rows.data.map(row => row.map(raw))];
  return lines.map(line => line.map(clean).join('\t')).join('\n');
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe; numbers stay numbers. */
export function asCsv(rows: Rows): string {
  const head = rows.columns.map(column => quoted(column.name));
  const body = rows.data.map(row => row.map((cell, i) => field(cell, rows.columns[i]?.type ?? '')));
  return [head, ...body].map(line => line.join(',')).join('\r\n') + '\r\n';
}

function field(cell: Cell, type: string): string {
  const text = raw(cell);
  return quoted(typeof cell === 'string' && !isNumeric(type) && /^[=+\-@\t\r]/.test(text) ? "'" + text : text);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

/** Order of two cells: numbers by size, texts by the language, nulls last. */
export function compare(a: Cell, b: Cell, numeric: boolean): number {
  if (a === null || b === null) {
    return a === b ? 0 : a === null ? 1 : -1;
  }
  if (numeric) {
    return Number(a) - Number(b);
  }
  return raw(a).localeCompare(raw(b), undefined, { numeric: true });
}
