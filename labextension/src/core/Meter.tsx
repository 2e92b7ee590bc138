/** The head of the panel: which lake, what may leave this machine, what was spent. */

import type { JSX } from 'react';

import type { Status } from './types';

interface MeterProps {
  status: Status | null;
  lake: string;
  choose: (path: string) => void;
  start: () => void;
  listed: boolean;
  list: () => void;
}

export function Meter({ status, lake, choose, start, listed, list }: MeterProps): JSX.Element {
  const lakes = status?.lakes ?? [];
  const current = lake || status?.lake?.path || '';
  return (
    <header className="genie-Meter">
      <div className="genie-bar">
        <select aria-label="Lake" value={current} onChange={event => choose(event.target.value)}>
          {!lakes.some(one => one.path === current) && (
            <option value={current}>{status?.lake?.name ?? (status ? 'no lake' : 'opening …')}</option>
          )}
          {lakes.map(one => (
            <option key={one.path} value={one.path}>
              {one.name}
            </option>
          ))}
        </select>
        <button type="button" onClick={start}>
          New
        </button>
        <button type="button" aria-expanded={listed} onClick={list}>
          Threads
        </button>
      </div>
      {status && current === status.lake?.path && (
        <p className="genie-quiet">
          {counted(status.lake.tables, 'table')} · privacy: {status.privacy} ·{' '}
          {status.models.length ? status.models.map(model => model.name).join(', ') : 'no models, no cost'}
          {status.models.length > 0 && <Spent status={status} />}
        </p>
      )}
    </header>
  );
}

function counted(count: number, of: string): string {
  return `${count.toLocaleString('en-US')} ${of}${count === 1 ? '' : 's'}`;
}

function Spent({ status }: { status: Status }): JSX.Element {
  const { day, spent } = status.budget;
  return (
    <>
      {' · '}
      {day !== null && <meter min={0} max={day || 1} high={0.8 * day} value={spent} aria-label="Budget of the day" />}
      {` $${spent.toFixed(2)}${day === null ? '' : ` of $${day.toFixed(2)}`} today`}
    </>
  );
}
