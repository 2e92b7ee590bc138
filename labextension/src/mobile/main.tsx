/** The phone page: the same conversation without Lab. */

import type { JSX } from 'react';
import { createRoot } from 'react-dom/client';

import { Chat } from '../core/Chat';
import { Client } from '../core/client';
import type { Host } from '../core/host';
import { Talk } from '../core/talk';
import '../core/style.css';
import './mobile.css';

const place = document.getElementById('genie');
const base = place?.dataset.base ?? '/';

const client = new Client((path, init = {}) =>
  fetch(`${base}genie/api/${path}`, {
    ...init,
    credentials: 'same-origin',
    headers: { 'X-XSRFToken': cookie('_xsrf') }
  })
);

const host: Host = {
  copy: text => void navigator.clipboard.writeText(text),
  save: (blob, name) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  },
  picture: (id, width) => {
    const dark = matchMedia('(prefers-color-scheme: dark)').matches ? 1 : 0;
    return client.file(`charts/${encodeURIComponent(id)}.svg?width=${width}&dark=${dark}`);
  },
  note: (path, body) => client.note(path, body)
};

const talk = new Talk(client, {
  get: name => localStorage.getItem(`genie:${name}`) ?? '',
  set: (name, value) => localStorage.setItem(`genie:${name}`, value)
});

function cookie(name: string): string {
  const found = document.cookie.split('; ').find(part => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : '';
}

function Page(): JSX.Element {
  return <Chat client={client} host={host} talk={talk} />;
}

if (place) {
  createRoot(place).render(<Page />);
}
