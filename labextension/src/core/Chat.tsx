/** The conversation: what was asked, what happens right now, and what came of it. */

import { type JSX, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';

import { Answer, Problem } from './Answer';
import { Boundary } from './Boundary';
import { type Client, asFault } from './client';
import { Composer } from './Composer';
import { type Host, ofFrame } from './host';
import { Meter } from './Meter';
import type { Talk } from './talk';
import { Threads } from './Threads';
import type { Message, Status } from './types';

const PAUSE_MS = 3_000;

export interface ChatProps {
  client: Client;
  host: Host;
  talk: Talk;
}

export function Chat({ client, host, talk }: ChatProps): JSX.Element {
  const { thread, lake, messages, about, busy } = useSyncExternalStore(talk.subscribe, talk.snapshot);
  const [status, setStatus] = useState<Status | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [ideas, setIdeas] = useState<string[]>([]);
  const [listed, setListed] = useState(false);
  const end = useRef<HTMLDivElement>(null);

  const refresh = useCallback(() => {
    client.status(lake || undefined).then(
      found => {
        setStatus(found);
        setFault(null);
      },
      (error: unknown) => setFault(error)
    );
  }, [client, lake]);

  // What was spent is read again after each question.
  useEffect(() => {
    if (!busy) {
      refresh();
    }
  }, [busy, refresh]);

  // A server that is gone may come back.
  useEffect(() => {
    if (fault === null) {
      return;
    }
    const later = setTimeout(refresh, PAUSE_MS);
    return () => clearTimeout(later);
  }, [fault, refresh]);

  // While the index of a lake is built, nothing else waits for it but what a person asks.
  const index = status && (!lake || status.lake?.path === lake) ? status.index : '';
  useEffect(() => {
    if (index) {
      client.suggestions(lake || undefined).then(setIdeas, () => setIdeas([]));
    }
  }, [client, lake, index]);

  useEffect(() => {
    // Newer browsers return a promise here, which an effect must not.
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [messages, fault]);

  const open = (id?: string): void => {
    talk.open(id);
    setListed(false);
  };
  const asking: Host = { ...host, ask: talk.ask };
  return (
    <div className="genie-Chat">
      <Meter
        status={status}
        lake={lake}
        choose={talk.choose}
        start={() => open()}
        listed={listed}
        list={() => setListed(!listed)}
      />
      {listed && <Threads client={client} current={thread} open={open} save={host.save} />}
      {fault !== null && (
        <Problem fault={asFault(fault)}>
          <button type="button" onClick={refresh}>
            Try again
          </button>
        </Problem>
      )}
      <div className="genie-messages" role="log" aria-live="polite" aria-busy={busy}>
        {messages.length === 0 && fault === null && (
          <div className="genie-empty">
            <p>Ask something of {status?.lake?.name ?? 'your data'}.</p>
            <div className="genie-choices">
              {(index ? ideas : []).map(idea => (
                <button type="button" key={idea} onClick={() => talk.ask(idea)}>
                  {idea}
                </button>
              ))}
            </div>
          </div>
        )}
        {messages.map(message => (
          <Boundary key={message.key}>
            <Exchange message={message} host={asking} again={talk.ask} />
          </Boundary>
        ))}
        <div ref={end} />
      </div>
      <Composer busy={busy} about={about} drop={() => talk.attach(null)} ask={talk.ask} stop={talk.stop} />
    </div>
  );
}

function Exchange({
  message,
  host,
  again
}: {
  message: Message;
  host: Host;
  again: (question: string) => void;
}): JSX.Element {
  return (
    <section className="genie-exchange">
      <p className="genie-asked">
        {message.question}
        {message.about && <span className="genie-quiet"> about {message.about}</span>}
      </p>
      {!message.turn && !message.fault && (
        <ol className="genie-steps" aria-label="What happens">
          {message.steps.map((step, i) => (
            <li key={i} className={`genie-step-${step.kind}`}>
              {step.text}
            </li>
          ))}
          <li className="genie-now">…</li>
        </ol>
      )}
      {message.turn && <Answer turn={message.turn} host={message.about ? ofFrame(host) : host} id={message.id} />}
      {message.fault && (
        <Problem fault={message.fault}>
          <button type="button" onClick={() => again(message.question)}>
            Ask again
          </button>
        </Problem>
      )}
    </section>
  );
}
