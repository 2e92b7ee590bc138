/** The conversations so far: search, open, rename, delete, export to a notebook. */

import { type JSX, useCallback, useEffect, useState } from 'react';

import { type Client, asFault } from './client';
import type { Thread } from './types';

interface ThreadsProps {
  client: Client;
  current: string;
  open: (id: string) => void;
  save: (blob: Blob, name: string) => void;
}

export function Threads({ client, current, open, save }: ThreadsProps): JSX.Element {
  const [search, setSearch] = useState('');
  const [threads, setThreads] = useState<Thread[]>([]);
  const [said, setSaid] = useState('');
  const list = useCallback(() => {
    client.threads(search).then(setThreads, (error: unknown) => setSaid(asFault(error).message));
  }, [client, search]);
  useEffect(() => {
    list();
  }, [list]);
  const then = (work: Promise<unknown>): void => {
    work.then(list, (error: unknown) => setSaid(asFault(error).message));
  };
  return (
    <nav className="genie-Threads" aria-label="Threads">
      <input
        type="search"
        aria-label="Search threads"
        placeholder="Search"
        value={search}
        onChange={event => setSearch(event.target.value)}
        onKeyDown={event => event.stopPropagation()}
      />
      {said && <p role="status">{said}</p>}
      {threads.length === 0 && <p className="genie-quiet">{search ? 'No thread says that.' : 'Nothing was asked yet.'}</p>}
      <ul>
        {threads.map(thread => (
          <Entry
            key={thread.id}
            thread={thread}
            current={thread.id === current}
            open={() => open(thread.id)}
            rename={title => then(client.rename(thread.id, title))}
            remove={() => then(client.remove(thread.id))}
            exported={() =>
              then(
                client
                  .file(`threads/${encodeURIComponent(thread.id)}/export`)
                  .then(blob => save(blob, `${thread.title.replace(/[^\w]+/g, '-').slice(0, 40) || 'thread'}.ipynb`))
              )
            }
          />
        ))}
      </ul>
    </nav>
  );
}

interface EntryProps {
  thread: Thread;
  current: boolean;
  open: () => void;
  rename: (title: string) => void;
  remove: () => void;
  exported: () => void;
}

function Entry({ thread, current, open, rename, remove, exported }: EntryProps): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <li aria-current={current}>
      {draft === null ? (
        <button type="button" className="genie-title" onClick={open} title={thread.asked}>
          {thread.title} <span className="genie-quiet">({thread.count})</span>
        </button>
      ) : (
        <form
          onSubmit={event => {
            event.preventDefault();
            rename(draft);
            setDraft(null);
          }}
        >
          <input
            aria-label="Title"
            value={draft}
            autoFocus
            onChange={event => setDraft(event.target.value)}
            onKeyDown={event => event.stopPropagation()}
          />
        </form>
      )}
      <span className="genie-bar">
        <button type="button" onClick={() => setDraft(draft === null ? thread.title : null)}>
          Rename
        </button>
        <button type="button" onClick={exported}>
          Export
        </button>
        <button type="button" onClick={remove}>
          Delete
        </button>
      </span>
    </li>
  );
}
