/** What a person thinks of an answer: thumbs with a reason, "verify this", "save as eval case". */

import { type JSX, useState } from 'react';

import { asFault } from './client';
import type { Host } from './host';

interface OpinionProps {
  id: string;
  note: NonNullable<Host['note']>;
  verified: boolean;
}

export function Opinion({ id, note, verified }: OpinionProps): JSX.Element {
  const [reason, setReason] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const send = (path: 'feedback' | 'verify' | 'case', body: { [key: string]: string } = {}): void => {
    note(path, { turn: id, ...body }).then(setSaid, (error: unknown) => setSaid(asFault(error).message));
  };
  return (
    <div className="genie-Opinion">
      <div className="genie-bar">
        <button type="button" aria-label="Right" title="Right" onClick={() => send('feedback', { verdict: 'up', reason: '' })}>
          <Thumb />
        </button>
        <button type="button" aria-label="Wrong" title="Wrong" onClick={() => setReason(reason === null ? '' : null)}>
          <Thumb down />
        </button>
        {!verified && (
          <button type="button" title="Propose it as a verified query for knowledge.yaml" onClick={() => send('verify')}>
            Verify this
          </button>
        )}
        <button type="button" title="Keep question and SQL for genie eval" onClick={() => send('case')}>
          Save as eval case
        </button>
      </div>
      {reason !== null && (
        <form
          className="genie-bar"
          onSubmit={event => {
            event.preventDefault();
            send('feedback', { verdict: 'down', reason });
            setReason(null);
          }}
        >
          <input
            aria-label="What is wrong?"
            placeholder="What is wrong?"
            value={reason}
            autoFocus
            onChange={event => setReason(event.target.value)}
            onKeyDown={event => event.stopPropagation()}
          />
          <button type="submit">Send</button>
        </form>
      )}
      {said && (
        <p className="genie-quiet" role="status">
          {said}
        </p>
      )}
    </div>
  );
}

function Thumb({ down = false }: { down?: boolean }): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" transform={down ? 'scale(1,-1)' : undefined}>
      <path
        fill="currentColor"
        d="M1 7h3v7H1zM5 14V7l3-6c1.200 0 2 .9 1.700 2.200L9.200 6H14c.8 0 1.300.7 1.100 1.500l-1.500 5.500c-.2.600-.6 1-1.200 1z"
      />
    </svg>
  );
}
