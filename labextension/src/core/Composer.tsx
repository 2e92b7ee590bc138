/** Where a question is written: Enter asks, Shift+Enter breaks the line, Escape stops. */

import { type JSX, useState } from 'react';

import type { Frame } from './client';

interface ComposerProps {
  busy: boolean;
  about: Frame | null;
  drop: () => void;
  ask: (question: string) => void;
  stop: () => void;
}

export function Composer({ busy, about, drop, ask, stop }: ComposerProps): JSX.Element {
  const [text, setText] = useState('');
  const send = (): void => {
    if (!busy && text.trim()) {
      ask(text);
      setText('');
    }
  };
  return (
    <form
      className="genie-Composer"
      onSubmit={event => {
        event.preventDefault();
        send();
      }}
    >
      {about && (
        <p className="genie-about">
          <span className="genie-chip">
            about <strong>{about.name}</strong>, {about.rows.toLocaleString('en-US')} {about.rows === 1 ? 'row' : 'rows'}{' '}
            <button type="button" aria-label={`No longer about ${about.name}`} title="Ask the lake again" onClick={drop}>
              ×
            </button>
          </span>
        </p>
      )}
      <textarea
        aria-label="Question"
        placeholder={about ? `Ask about ${about.name}` : 'Ask a question'}
        value={text}
        rows={2}
        maxLength={4000}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          event.stopPropagation();
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            send();
          } else if (event.key === 'Escape' && busy) {
            stop();
          }
        }}
      />
      {busy ? (
        <button type="button" className="genie-stop" onClick={stop}>
          Stop
        </button>
      ) : (
        <button type="submit" className="genie-main" disabled={!text.trim()}>
          Ask
        </button>
      )}
    </form>
  );
}
