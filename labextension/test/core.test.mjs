import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asCsv, asTsv, compare, shown } from '../lib/core/cells.js';
import { Client, EventReader, asFault } from '../lib/core/client.js';

const rows = {
  columns: [{ name: 'name, first', type: 'string' }, { name: 'n', type: 'int64' }],
  data: [['=1+1', -2], ['a "b"\nc', null]],
  truncated: false
};

test('events are read over any cut, and comments are left out', () => {
  const reader = new EventReader();
  const stream = ': alive\n\nevent: sql\ndata: {"text": "a\\nb"}\n\nevent: answer\r\ndata: {"id": "1"}\r\n\r\nevent: late';
  const heard = [...stream].flatMap(sign => reader.feed(sign));
  assert.deepEqual(heard, [
    { kind: 'sql', data: { text: 'a\nb' } },
    { kind: 'answer', data: { id: '1' } }
  ]);
});

test('a stream that ends without an answer is a fault', async () => {
  const client = new Client(async () => new Response('event: sql\ndata: {"text": "x"}\n\n'));
  const heard = [];
  await assert.rejects(
    client.ask({ question: 'q', thread: 't' }, event => heard.push(event.kind), new AbortController().signal),
    /broke off/
  );
  assert.deepEqual(heard, ['sql']);
});

test('the message and the hint of the server are shown', async () => {
  const client = new Client(async () => Response.json({ message: 'Not so.', hint: 'Do this.' }, { status: 400 }));
  const fault = await client.run('DROP TABLE t').catch(asFault);
  assert.deepEqual(fault, { message: 'Not so.', hint: 'Do this.' });
});

test('CSV quotes what needs it, and no text becomes a formula', () => {
  assert.equal(asCsv(rows), '"name, first",n\r\n\'=1+1,-2\r\n"a ""b""\nc",\r\n');
});

test('copied rows stay one line each', () => {
  assert.equal(asTsv(rows), 'name, first\tn\n=1+1\t-2\na "b" c\t');
});

test('cells are ordered by their kind, with nothing at the end', () => {
  assert.deepEqual(['10', '9', null].sort((a, b) => compare(a, b, true)), ['9', '10', null]);
  assert.deepEqual(['b', 'a10', 'a9'].sort((a, b) => compare(a, b, false)), ['a9', 'a10', 'b']);
  assert.equal(shown(1234567.5), '1,234,567.5');
});

test('signs that turn a text, or hide in it, are shown by their number', () => {
  assert.equal(shown('\u202egnp.exe\u200b'), '[U+202E]gnp.exe[U+200B]');
  assert.equal(shown('naïve – 東京 🙂'), 'naïve – 東京 🙂');
});
