/** A conversation as it stands, apart from what draws it: a panel that is moved or hidden loses nothing. */

import { type Client, type Frame, type Heard, asFault } from './client';
import type { Kept, Message } from './types';

/** Keeps small things over a reload. */
export interface Memory {
  get: (name: string) => string;
  set: (name: string, value: string) => void;
}

export interface Said {
  thread: string;
  lake: string;
  messages: readonly Message[];
  /** What the next questions are about; nothing where it is the lake. */
  about: Frame | null;
  busy: boolean;
}

export class Talk {
  private said: Said;
  private readonly seen = new Set<() => void>();
  private running: AbortController | null = null;

  constructor(
    private readonly client: Client,
    private readonly memory: Memory
  ) {
    const thread = memory.get('thread') || newThread();
    this.said = { thread, lake: memory.get('lake'), messages: [], about: null, busy: false };
    this.open(thread);
  }

  readonly subscribe = (see: () => void): (() => void) => {
    this.seen.add(see);
    return () => this.seen.delete(see);
  };

  readonly snapshot = (): Said => this.said;

  /** Asks in the thread; nothing happens while another question runs. */
  readonly ask = (question: string): void => {
    const text = question.trim();
    if (this.running || !text) {
      return;
    }
    const control = (this.running = new AbortController());
    const { thread, lake, about } = this.said;
    const key = `${thread}:${Date.now()}`;
    this.set({ busy: true, messages: [...this.said.messages, { key, question: text, steps: [], about: about?.name }] });
    const asked = { question: text, thread, ...(lake && { lake }), ...(about && { about: { name: about.name, parquet: about.parquet } }) };
    this.client
      .ask(asked, heard => this.hear(key, heard), control.signal)
      .catch((error: unknown) => {
        const stopped = { message: 'Stopped.', hint: 'Nothing of it runs any more.' };
        this.change(key, message =>
          message.turn ? message : { ...message, fault: control.signal.aborted ? stopped : asFault(error) }
        );
      })
      .finally(() => {
        if (this.running === control) {
          this.running = null;
          this.set({ busy: false });
        }
      });
  };

  readonly stop = (): void => {
    this.running?.abort();
  };

  /** Asks the next questions of a frame, or of the lake again where there is none. */
  readonly attach = (about: Frame | null): void => {
    this.set({ about });
  };

  /** Goes on with a thread, or begins one where none is named. */
  readonly open = (thread = newThread()): void => {
    this.stop();
    this.running = null;
    this.memory.set('thread', thread);
    this.set({ thread, messages: [], busy: false });
    this.client.thread(thread).then(
      found => {
        if (this.said.thread === thread) {
          const before = found.turns.map(kept);
          this.set({ messages: [...before, ...this.said.messages] });
        }
      },
      () => undefined // nothing was asked there yet
    );
  };

  readonly choose = (lake: string): void => {
    this.memory.set('lake', lake);
    this.set({ lake });
    this.open();
  };

  private hear(key: string, { kind, data }: Heard): void {
    this.change(key, message => {
      if (kind === 'answer') {
        return { ...message, id: data.id, turn: data.turn };
      }
      if (kind === 'error') {
        return { ...message, fault: { message: data.message ?? '', hint: data.hint ?? '' } };
      }
      // How far an index is takes one line, whose words change.
      const before = kind === 'index' ? message.steps.filter(step => step.kind !== kind) : message.steps;
      return { ...message, steps: [...before, { kind, text: data.text ?? '' }] };
    });
  }

  private change(key: string, how: (message: Message) => Message): void {
    this.set({ messages: this.said.messages.map(message => (message.key === key ? how(message) : message)) });
  }

  private set(changed: Partial<Said>): void {
    this.said = { ...this.said, ...changed };
    this.seen.forEach(see => see());
  }
}

function kept({ id, turn, about }: Kept): Message {
  return { key: id, id, question: turn.question.text, steps: [], turn, about: about || undefined };
}

function newThread(): string {
  return `t${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
}
