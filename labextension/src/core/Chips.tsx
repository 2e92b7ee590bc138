/** The values that were chosen for words of the question; another one asks the question again with it. */

import { type JSX, useState } from 'react';

import { raw } from './cells';
import type { Filter, Turn } from './types';

interface Chip {
  phrase: string;
  value: string;
}

export function Chips({ turn, ask }: { turn: Turn; ask?: (question: string) => void }): JSX.Element | null {
  const chips = chipsOf(turn);
  const clauses = turn.plan?.filters ?? [];
  if (!clauses.length && !chips.length) {
    return null;
  }
  return (
    <div className="genie-chips">
      {clauses.map((clause, i) => (
        <span className="genie-chip" key={`c${i}`}>
          {clause}
        </span>
      ))}
      {ask && chips.map(chip => <Choice key={chip.phrase} chip={chip} turn={turn} ask={ask} />)}
    </div>
  );
}

function Choice({ chip, turn, ask }: { chip: Chip; turn: Turn; ask: (question: string) => void }): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  if (draft === null) {
    return (
      <button type="button" className="genie-chip genie-choice" onClick={() => setDraft(chip.value)}>
        “{chip.phrase}” = {chip.value} <span aria-hidden="true">✎</span>
      </button>
    );
  }
  return (
    <form
      className="genie-chip"
      onSubmit={event => {
        event.preventDefault();
        const other = draft.trim();
        if (other && other !== chip.value) {
          ask(reworded(turn.question.text, chip.phrase, other));
        }
        setDraft(null);
      }}
    >
      <input
        aria-label={`Another value for ${chip.phrase}`}
        value={draft}
        autoFocus
        onChange={event => setDraft(event.target.value)}
        onKeyDown={event => {
          event.stopPropagation();
          if (event.key === 'Escape') {
            setDraft(null);
          }
        }}
      />
      <button type="submit">Ask again</button>
    </form>
  );
}

/** Conditions whose words stand in the question and that compare with one value. */
export function chipsOf(turn: Turn): Chip[] {
  const filters = (turn.plan?.steps ?? []).flatMap(step => step.filters);
  const text = turn.question.text.toLowerCase();
  const found = new Map<string, Chip>();
  for (const filter of filters) {
    if (isChoice(filter) && text.includes(filter.phrase.toLowerCase())) {
      found.set(filter.phrase, { phrase: filter.phrase, value: raw(filter.values?.[0] ?? '') });
    }
  }
  return [...found.values()];
}

function isChoice(filter: Filter): boolean {
  return Boolean(filter.phrase) && filter.values?.length === 1;
}

/** The question with another value in the place of some of its words. */
export function reworded(question: string, phrase: string, value: string): string {
  const start = question.toLowerCase().indexOf(phrase.toLowerCase());
  return start < 0 ? `${question} (${value})` : question.slice(0, start) + value + question.slice(start + phrase.length);
}
