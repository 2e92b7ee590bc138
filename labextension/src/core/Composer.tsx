/** Where a question is written: Enter asks, Shift+Enter breaks the line, Escape stops. */

import { type JSX, useState } from 'react';

interface ComposerProps {
  busy: boolean;
  ask: (question: string) => void;
  stop: () => void;
}

export function Composer({ busy, ask, stop }: ComposerProps): JSX.Element {
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
      <textarea
        aria-label="Question"
        placeholder="Ask a question"
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
