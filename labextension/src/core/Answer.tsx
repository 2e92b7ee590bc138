/** One answer, the same in the panel, below a cell and on the phone: first what is wanted, then why to trust it. */

import { type JSX, type ReactNode, useLayoutEffect, useRef, useState } from 'react';

import { Chips } from './Chips';
import { Grid } from './Grid';
import { type Host, isFault } from './host';
import { Opinion } from './Opinion';
import { Sql } from './Sql';
import type { Fault, Finding, Rows, Turn } from './types';
import { LABELS, MARKS, checksOf, confidenceOf, costOf } from './words';

export interface AnswerProps {
  turn: Turn;
  host: Host;
  id?: string;
}

export function Answer({ turn, host, id }: AnswerProps): JSX.Element {
  if (turn.clarification) {
    return <Clarification turn={turn} host={host} />;
  }
  if (turn.refusal) {
    return <Refusal turn={turn} host={host} />;
  }
  return <Answered turn={turn} host={host} id={id} />;
}

function Answered({ turn, host, id }: AnswerProps): JSX.Element {
  const answer = turn.answer;
  const name = fileName(turn);
  if (!answer) {
    return <p>This answer holds nothing that can be shown.</p>;
  }
  return (
    <article className="genie-Answer" aria-label={`Answer to ${turn.question.text}`}>
      {answer.key_figure && <p className="genie-figure">{answer.key_figure}</p>}
      <p className="genie-said">{answer.text}</p>
      {answer.chart && host.chart && <Chart spec={answer.chart} draw={host.chart} />}
      {answer.chart && !host.chart && host.picture && id && (
        <Picture id={id} fetch={host.picture} name={titleOf(answer.chart)} />
      )}
      {turn.rows && turn.rows.columns.length > 0 && (
        <Grid
          rows={turn.rows}
          name={name}
          copy={host.copy}
          save={host.save}
          parquet={id && host.parquet ? () => host.parquet?.(id) : undefined}
        />
      )}
      <Understood turn={turn} host={host} />
      <Checks findings={turn.findings} />
      <p className="genie-trust">
        <span className={`genie-label genie-${answer.label}`} title={LABELS[answer.label]}>
          {answer.label}
        </span>{' '}
        <span className={`genie-sure genie-sure-${confidenceOf(answer.confidence).word}`}>
          {confidenceOf(answer.confidence).text}
        </span>{' '}
        <span className="genie-quiet">{answer.reasons.join('; ')}</span>
      </p>
      {turn.parts.length > 0 && <Parts turn={turn} host={host} />}
      {turn.sql && <Query turn={turn} host={host} sql={turn.sql.text} />}
      <Actions turn={turn} host={host} />
      {id && host.note && <Opinion id={id} note={host.note} verified={answer.label === 'verified'} />}
      <p className="genie-cost genie-quiet">
        {turn.sources.length > 0 && <>From {turn.sources.join(', ')}. </>}
        {turn.fallback && <>{turn.fallback} </>}
        {costOf(turn)}
      </p>
    </article>
  );
}

function Understood({ turn, host }: AnswerProps): JSX.Element | null {
  const plan = turn.plan;
  if (!plan) {
    return null;
  }
  return (
    <section className="genie-understood">
      <h4>How I understood it</h4>
      <p>{plan.interpretation}</p>
      <Chips turn={turn} ask={host.ask} />
      {plan.assumptions.length > 0 && (
        <ul>
          {plan.assumptions.map((text, i) => (
            <li key={i}>{text}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Checks({ findings }: { findings: Finding[] }): JSX.Element | null {
  if (!findings.length) {
    return null;
  }
  return (
    <details className="genie-checks" open={findings.some(finding => finding.severity === 'error')}>
      <summary>{checksOf(findings)}</summary>
      {findings.map((finding, i) => (
        <details key={i} className={`genie-check genie-${finding.severity}`}>
          <summary>
            <span aria-label={finding.severity}>{MARKS[finding.severity]}</span> {finding.message}
          </summary>
          <p className="genie-quiet">{finding.check}</p>
          {finding.evidence && <pre>{finding.evidence}</pre>}
          {finding.suggestion && <p>{finding.suggestion}</p>}
        </details>
      ))}
    </details>
  );
}

function Parts({ turn, host }: AnswerProps): JSX.Element {
  return (
    <details>
      <summary>{turn.parts.length === 1 ? 'One step before' : `${turn.parts.length} steps before`}</summary>
      {turn.parts.map((part, i) => (
        <section key={i}>
          <h4>{part.purpose || part.name}</h4>
          {part.rows && <Grid rows={part.rows} name={part.name} copy={host.copy} save={host.save} />}
          {part.sql && <Sql text={part.sql.text} copy={host.copy} />}
        </section>
      ))}
    </details>
  );
}

function Query({ turn, host, sql }: AnswerProps & { sql: string }): JSX.Element {
  const [ran, setRan] = useState<Rows | Fault | null>(null);
  const [busy, setBusy] = useState(false);
  const again = (text: string): void => {
    setBusy(true);
    void host.run?.(text).then(found => {
      setRan(isFault(found) ? found : found.rows);
      setBusy(false);
    });
  };
  return (
    <details className="genie-query">
      <summary>SQL</summary>
      <Sql
        text={sql}
        copy={host.copy}
        busy={busy}
        run={host.run ? again : undefined}
        insert={host.insertSql ? text => host.insertSql?.(turn, text) : undefined}
      />
      {ran && (isFault(ran) ? <Problem fault={ran} /> : <Ran rows={ran} turn={turn} host={host} />)}
    </details>
  );
}

function Ran({ rows, turn, host }: AnswerProps & { rows: Rows }): JSX.Element {
  return (
    <section aria-label="Rows of the edited SQL">
      <p className="genie-quiet">Rows of the SQL as you edited it; the answer above is as it was.</p>
      <Grid rows={rows} name={fileName(turn)} copy={host.copy} save={host.save} />
    </section>
  );
}

function Actions({ turn, host }: AnswerProps): JSX.Element | null {
  if (!host.insertAsk && !host.sendFrame) {
    return null;
  }
  return (
    <div className="genie-bar">
      {host.insertAsk && (
        <button type="button" onClick={() => host.insertAsk?.(turn)}>
          Ask in notebook
        </button>
      )}
      {host.sendFrame && turn.rows && (
        <button type="button" onClick={() => host.sendFrame?.(turn)}>
          DataFrame to kernel
        </button>
      )}
    </div>
  );
}

function Clarification({ turn, host }: AnswerProps): JSX.Element {
  const { question, choices, readings } = turn.clarification ?? { question: '', choices: [], readings: [] };
  return (
    <article className="genie-Answer" aria-label="A question back">
      <p className="genie-said">{question}</p>
      <div className="genie-choices">
        {choices.map((choice, i) => (
          <button
            type="button"
            key={i}
            disabled={!host.ask}
            // A number picks the reading itself, where a repeated question would be read anew.
            onClick={() => host.ask?.(turn.question.thread ? String(i + 1) : (readings[i] ?? choice))}
          >
            {choice}
          </button>
        ))}
      </div>
      <p className="genie-cost genie-quiet">{costOf(turn)}</p>
    </article>
  );
}

function Refusal({ turn }: AnswerProps): JSX.Element {
  const { reason, missing, suggestions } = turn.refusal ?? { reason: '', missing: [], suggestions: [] };
  return (
    <article className="genie-Answer genie-refused" aria-label="No answer">
      <p className="genie-said">{reason}</p>
      <Listed head="Missing" texts={missing} />
      <Listed head="What helps" texts={suggestions} />
      <p className="genie-cost genie-quiet">{costOf(turn)}</p>
    </article>
  );
}

function Listed({ head, texts }: { head: string; texts: string[] }): JSX.Element | null {
  if (!texts.length) {
    return null;
  }
  return (
    <>
      <h4>{head}</h4>
      <ul>
        {texts.map((text, i) => (
          <li key={i}>{text}</li>
        ))}
      </ul>
    </>
  );
}

export function Problem({ fault, children }: { fault: Fault; children?: ReactNode }): JSX.Element {
  return (
    <div className="genie-problem" role="alert">
      <p>{fault.message}</p>
      {fault.hint && <p className="genie-quiet">{fault.hint}</p>}
      {children}
    </div>
  );
}

const BESIDE = 165;

/** The chart with labels that leave its width to it; the data stay as they are, whatever their columns are called. */
function fitted({ data, ...rest }: { [key: string]: unknown }, width: number): { [key: string]: unknown } {
  const narrow = JSON.stringify(rest, (key, value: unknown) =>
    key === 'labelLimit' && typeof value === 'number' ? Math.min(value, BESIDE - 45) : value
  );
  return { ...(JSON.parse(narrow) as object), data, width };
}

/** Draws once the node has a width: a chart that is drawn before is drawn nowhere. */
function Chart({ spec, draw }: { spec: { [key: string]: unknown }; draw: NonNullable<Host['chart']> }): JSX.Element {
  const node = useRef<HTMLDivElement>(null);
  // Before the node leaves the page: what was drawn is taken down while it is still there.
  useLayoutEffect(() => {
    const place = node.current;
    if (!place) {
      return;
    }
    let drawn: (() => void) | null = null;
    const watch = new ResizeObserver(() => {
      const width = place.clientWidth;
      if (!drawn && width > 0) {
        drawn = draw(fitted(spec, Math.max(90, Math.min(width - BESIDE, 640))), place);
      }
    });
    watch.observe(place);
    return () => {
      watch.disconnect();
      drawn?.();
    };
  }, [spec, draw]);
  return <div className="genie-Chart" ref={node} role="img" aria-label={titleOf(spec)} />;
}

/** The chart as the server draws it: as an image no script of it could run. */
function Picture({ id, fetch, name }: { id: string; fetch: NonNullable<Host['picture']>; name: string }): JSX.Element | null {
  const node = useRef<HTMLDivElement>(null);
  const [address, setAddress] = useState('');
  useLayoutEffect(() => {
    let made = '';
    let gone = false;
    fetch(id, Math.max(200, Math.min(node.current?.clientWidth ?? 0, 800))).then(
      blob => {
        if (!gone) {
          made = URL.createObjectURL(blob);
          setAddress(made);
        }
      },
      () => undefined // the rows say the same
    );
    return () => {
      gone = true;
      URL.revokeObjectURL(made);
    };
  }, [id, fetch]);
  return (
    <div className="genie-Chart" ref={node}>
      {address && <img src={address} alt={name} />}
    </div>
  );
}

function titleOf(spec: { [key: string]: unknown }): string {
  return typeof spec.title === 'string' ? spec.title : 'Chart';
}

function fileName(turn: Turn): string {
  return turn.question.text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'rows';
}
