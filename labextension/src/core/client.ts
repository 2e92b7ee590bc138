/** The server's side of the panel: plain requests, and questions as a stream of events. */

import type { Fault, Kept, Rows, Status, Thread, Turn } from './types';

/** Sends a request below `genie/api/`; the panel signs it with Lab's token, the phone page with its cookie. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>;

/** A table that a question is asked of in the place of the lake. */
export interface Frame {
  name: string;
  rows: number;
  /** Base64 of a Parquet file. */
  parquet: string;
}

export interface Question {
  question: string;
  thread: string;
  lake?: string;
  about?: Pick<Frame, 'name' | 'parquet'>;
}

export interface Heard {
  kind: string;
  data: { text?: string; id?: string; thread?: string; turn?: Turn; about?: string; message?: string; hint?: string };
}

export class ServerFault extends Error {
  constructor(
    message: string,
    readonly hint: string
  ) {
    super(message);
  }
}

/** Cuts a stream of server-sent events into events; comments and unfinished ones are left out. */
export class EventReader {
  private rest = '';

  feed(text: string): Heard[] {
    this.rest = (this.rest + text).replace(/\r\n/g, '\n');
    const parts = this.rest.split('\n\n');
    this.rest = parts.pop() ?? '';
    return parts.map(readEvent).filter((event): event is Heard => event !== null);
  }
}

function readEvent(block: string): Heard | null {
  let kind = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) {
      kind = line.slice(6).trim();
    } else if (line.startsWith('data:')) {
      data.push(line.slice(5).trim());
    }
  }
  return data.length ? { kind, data: JSON.parse(data.join('\n')) as Heard['data'] } : null;
}

export class Client {
  constructor(private readonly send: Send) {}

  /** Asks, and hands over each event as it comes; rejects where the server breaks off without an answer. */
  async ask(question: Question, hear: (event: Heard) => void, signal: AbortSignal): Promise<void> {
    const response = await this.checked('ask', { method: 'POST', body: JSON.stringify(question), signal });
    const reader = response.body?.getReader();
    if (!reader) {
      throw new ServerFault('The server sent no answer.', 'Ask again.');
    }
    const decoder = new TextDecoder();
    const events = new EventReader();
    let ended = false;
    for (;;) {
      const { done, value } = await reader.read();
      for (const event of events.feed(done ? decoder.decode() : decoder.decode(value, { stream: true }))) {
        ended = ended || event.kind === 'answer' || event.kind === 'error';
        hear(event);
      }
      if (done) {
        break;
      }
    }
    if (!ended) {
      throw new ServerFault('The server broke off before the answer.', 'Ask again; what was asked before is kept.');
    }
  }

  async run(sql: string, lake?: string): Promise<{ sql: { text: string; tables: string[] }; rows: Rows }> {
    return this.json('run', { method: 'POST', body: JSON.stringify({ sql, lake }) });
  }

  async status(lake?: string): Promise<Status> {
    return this.json('status' + query({ lake }));
  }

  async suggestions(lake?: string): Promise<string[]> {
    return (await this.json<{ questions: string[] }>('suggestions' + query({ lake }))).questions;
  }

  async threads(search = ''): Promise<Thread[]> {
    return (await this.json<{ threads: Thread[] }>('threads' + query({ search }))).threads;
  }

  async thread(id: string): Promise<{ id: string; title: string; turns: Kept[] }> {
    return this.json(`threads/${encodeURIComponent(id)}`);
  }

  async rename(id: string, title: string): Promise<void> {
    await this.checked(`threads/${encodeURIComponent(id)}`, { method: 'PATCH', body: JSON.stringify({ title }) });
  }

  async remove(id: string): Promise<void> {
    await this.checked(`threads/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  /** Fetches a file, so that it is asked for with the same credentials as everything else. */
  async file(path: string): Promise<Blob> {
    return (await this.checked(path)).blob();
  }

  /** Sends what a person thinks of a turn: `feedback`, `verify` or `case`. */
  async note(path: 'feedback' | 'verify' | 'case', body: { [key: string]: string }): Promise<string> {
    return (await this.json<{ message: string }>(path, { method: 'POST', body: JSON.stringify(body) })).message;
  }

  private async json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await this.checked(path, init)).json() as Promise<T>;
  }

  private async checked(path: string, init?: RequestInit): Promise<Response> {
    const response = await this.send(path, init);
    if (!response.ok) {
      throw await faultOf(response);
    }
    return response;
  }
}

async function faultOf(response: Response): Promise<ServerFault> {
  try {
    const { message, hint } = (await response.json()) as Partial<Fault>;
    return new ServerFault(message || `The server answered ${response.status}.`, hint ?? '');
  } catch {
    return new ServerFault(`The server answered ${response.status}.`, 'Look at the log of the server.');
  }
}

/** What to show of an error of any kind. */
export function asFault(error: unknown): Fault {
  if (error instanceof ServerFault) {
    return { message: error.message, hint: error.hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message: `The server cannot be reached: ${message}`, hint: 'Is it still running? Ask again.' };
}

function query(values: { [key: string]: string | undefined }): string {
  const known = Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return known.length ? '?' + new URLSearchParams(known).toString() : '';
}
