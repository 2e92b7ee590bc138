/** Parts of an answer in words. */

import type { Finding, Turn } from './types';

export const MARKS: { [severity: string]: string } = { ok: '✓', note: '·', warning: '!', error: '✗' };

export const LABELS: { [label: string]: string } = {
  verified: 'matches a query that a person approved',
  governed: 'uses a metric as it is defined',
  generated: 'written for this question'
};

export function confidenceOf(share: number): { text: string; word: string } {
  const word = share >= 0.85 ? 'high' : share >= 0.6 ? 'fair' : 'low';
  return { text: `${Math.round(share * 100)} % sure`, word };
}

export function checksOf(findings: Finding[]): string {
  const count = (severity: string): number => findings.filter(finding => finding.severity === severity).length;
  const passed = count('ok');
  const parts = [
    passed && `${passed} passed`,
    count('note') && `${count('note')} to note`,
    count('warning') && `${count('warning')} to look at`,
    count('error') && `${count('error')} failed`
  ];
  return `Checked: ${parts.filter(Boolean).join(', ')}`;
}

export function costOf(turn: Turn): string {
  const { calls, cached, tokens_in: read, tokens_out: written, usd, unpriced } = turn.spent;
  const parts = [`${turn.tier || 'no'} tier`];
  if (calls || cached) {
    parts.push(`${calls} ${calls === 1 ? 'call' : 'calls'}${cached ? `, ${cached} from cache` : ''}`);
    parts.push(`${(read + written).toLocaleString('en-US')} tokens`);
    parts.push(unpriced ? `$${usd.toFixed(4)} and ${unpriced} unpriced` : `$${usd.toFixed(4)}`);
  } else {
    parts.push('no cost');
  }
  parts.push(`${turn.seconds.toFixed(turn.seconds < 10 ? 1 : 0)} s`, `privacy: ${turn.privacy}`);
  return parts.join(' · ');
}
