/** A query: highlighted to read, plain to edit, run again through the guard of the server. */

import { type JSX, useState } from 'react';

const WORDS =
  /^(?:all|and|any|as|asc|between|by|case|count|cross|date|desc|distinct|else|end|except|exists|false|filter|from|full|group|having|ilike|in|inner|intersect|interval|is|join|lateral|left|like|limit|not|null|offset|on|or|order|outer|over|partition|qualify|right|rows|select|then|true|union|using|values|when|where|window|with)$/i;
const TOKENS = /(--[^\n]*|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\b\d+(?:\.\d+)?\b|[A-Za-z_]\w*)/g;

export interface SqlProps {
  text: string;
  copy: (text: string) => void;
  insert?: (sql: string) => void;
  run?: (sql: string) => void;
  busy?: boolean;
}

export function Sql({ text, copy, insert, run, busy }: SqlProps): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  const current = draft ?? text;
  return (
    <div className="genie-Sql">
      {draft === null ? (
        <pre tabIndex={0} aria-label="SQL">
          <code>{highlight(text)}</code>
        </pre>
      ) : (
        <textarea
          aria-label="Edit the SQL"
          value={draft}
          spellCheck={false}
          rows={Math.min(20, draft.split('\n').length + 1)}
          onChange={event => setDraft(event.target.value)}
          onKeyDown={event => {
            event.stopPropagation();
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              run?.(draft);
            }
          }}
        />
      )}
      <div className="genie-bar">
        <button type="button" onClick={() => copy(current)}>
          Copy
        </button>
        {run && draft === null && (
          <button type="button" onClick={() => setDraft(text)}>
            Edit
          </button>
        )}
        {run && draft !== null && (
          <>
            <button type="button" className="genie-main" disabled={busy} onClick={() => run(draft)}>
              Run
            </button>
            <button type="button" onClick={() => setDraft(null)}>
              Reset
            </button>
          </>
        )}
        {insert && (
          <button type="button" onClick={() => insert(current)}>
            Insert into notebook
          </button>
        )}
      </div>
    </div>
  );
}

/** The text in coloured pieces; each piece is text to React, whatever it says. */
function highlight(text: string): (string | JSX.Element)[] {
  return text.split(TOKENS).map((piece, i) => {
    const kind = i % 2 === 0 ? '' : kindOf(piece);
    return kind ? (
      <span key={i} className={`genie-sql-${kind}`}>
        {piece}
      </span>
    ) : (
      piece
    );
  });
}

function kindOf(piece: string): string {
  if (piece.startsWith('--')) {
    return 'comment';
  }
  if (piece.startsWith("'")) {
    return 'text';
  }
  if (/^\d/.test(piece)) {
    return 'figure';
  }
  return WORDS.test(piece) ? 'word' : '';
}
