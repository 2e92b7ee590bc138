/** Rows as a table that draws only what is seen: sort by a click on a head, copy, download. */

import { type JSX, type KeyboardEvent, useMemo, useState } from 'react';

import { asCsv, asTsv, compare, isNumeric, shown, visible } from './cells';
import type { Rows } from './types';

const ROW = 24;
const SEEN = 12;
const BEYOND = 6;

export interface GridProps {
  rows: Rows;
  name: string;
  copy: (text: string) => void;
  save: (blob: Blob, name: string) => void;
  parquet?: () => void;
}

interface Sorting {
  column: number;
  down: boolean;
}

export function Grid({ rows, name, copy, save, parquet }: GridProps): JSX.Element {
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [top, setTop] = useState(0);
  const sorted = useMemo(() => sort(rows, sorting), [rows, sorting]);
  const first = Math.max(0, Math.floor(top / ROW) - BEYOND);
  const last = Math.min(sorted.length, first + SEEN + 2 * BEYOND);
  const press = (column: number): void =>
    setSorting(old => (old?.column !== column ? { column, down: false } : old.down ? null : { column, down: true }));
  return (
    <div className="genie-Grid">
      <div
        className="genie-Grid-scroll"
        style={{ maxHeight: ROW * (SEEN + 1) }}
        onScroll={event => setTop(event.currentTarget.scrollTop)}
        tabIndex={0}
        role="region"
        aria-label="Rows"
      >
        <table aria-rowcount={sorted.length + 1}>
          <thead>
            <tr>
              {rows.columns.map((column, i) => (
                <th
                  key={i}
                  scope="col"
                  className={isNumeric(column.type) ? 'genie-number' : ''}
                  aria-sort={sorting?.column !== i ? 'none' : sorting.down ? 'descending' : 'ascending'}
                  title={column.type}
                >
                  <button type="button" onClick={() => press(i)} onKeyDown={stop}>
                    {visible(column.name)}
                    <span aria-hidden="true">{sorting?.column !== i ? '' : sorting.down ? ' ▾' : ' ▴'}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {first > 0 && <tr aria-hidden="true" style={{ height: first * ROW }} />}
            {sorted.slice(first, last).map((row, i) => (
              <tr key={first + i} aria-rowindex={first + i + 2}>
                {row.map((cell, j) => (
                  <td
                    key={j}
                    className={cell === null ? 'genie-null' : isNumeric(rows.columns[j]?.type ?? '') ? 'genie-number' : ''}
                    title={shown(cell)}
                  >
                    {cell === null ? 'null' : shown(cell)}
                  </td>
                ))}
              </tr>
            ))}
            {last < sorted.length && <tr aria-hidden="true" style={{ height: (sorted.length - last) * ROW }} />}
          </tbody>
        </table>
      </div>
      <div className="genie-bar">
        <span className="genie-quiet">
          {rows.data.length.toLocaleString('en-US')} {rows.data.length === 1 ? 'row' : 'rows'}
          {rows.truncated ? ', there are more' : ''}
        </span>
        <button type="button" onClick={() => copy(asTsv({ ...rows, data: sorted }))}>
          Copy
        </button>
        <button type="button" onClick={() => save(new Blob([asCsv(rows)], { type: 'text/csv' }), `${name}.csv`)}>
          CSV
        </button>
        {parquet && (
          <button type="button" onClick={parquet}>
            Parquet
          </button>
        )}
      </div>
    </div>
  );
}

function sort(rows: Rows, sorting: Sorting | null): Rows['data'] {
  if (!sorting) {
    return rows.data;
  }
  const { column, down } = sorting;
  const numeric = isNumeric(rows.columns[column]?.type ?? '');
  const sign = down ? -1 : 1;
  return [...rows.data].sort((a, b) => {
    const [one, other] = [a[column] ?? null, b[column] ?? null];
    return one === null || other === null ? compare(one, other, numeric) : sign * compare(one, other, numeric);
  });
}

function stop(event: KeyboardEvent): void {
  // Lab takes bare keys for commands of the notebook.
  event.stopPropagation();
}
