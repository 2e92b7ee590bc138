/** The panel's and the cell's ways to act, made of what Lab offers. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Notification } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { Client, asFault } from '../core/client';
import type { Host } from '../core/host';
import type { Fault } from '../core/types';
import { drawWith } from './chart';
import { askCode, frameCode, insert, sqlCode } from './notebook';

export interface Rooms {
  client: Client;
  lake: () => string;
  tracker: INotebookTracker | null;
  registry: IRenderMimeRegistry;
}

export function makeClient(): Client {
  const settings = ServerConnection.makeSettings();
  return new Client((path, init = {}) =>
    ServerConnection.makeRequest(URLExt.join(settings.baseUrl, 'genie/api') + '/' + path, init, settings)
  );
}

export function makeHost({ client, lake, tracker, registry }: Rooms): Host {
  const put = async (code: string, run = false): Promise<void> => {
    const fault = await insert(tracker, code, run);
    if (fault) {
      warn(fault);
    }
  };
  return {
    chart: drawWith(registry),
    copy: text => {
      void navigator.clipboard.writeText(text).then(
        () => Notification.info('Copied.', { autoClose: 1500 }),
        () => Notification.error('The browser does not let pages copy here; it needs https or localhost.')
      );
    },
    save: download,
    parquet: id => {
      client
        .file(`rows/${encodeURIComponent(id)}.parquet`)
        .then(blob => download(blob, 'rows.parquet'), (error: unknown) => Notification.error(asFault(error).message));
    },
    run: sql => client.run(sql, lake() || undefined).catch(asFault),
    insertAsk: turn => void put(askCode(turn, lake())),
    insertSql: (_, sql) => void put(sqlCode(sql, lake())),
    sendFrame: turn => void put(frameCode(turn), true),
    note: (path, body) => client.note(path, body)
  };
}

/** Says in a corner of the page why something was not done. */
export function warn({ message, hint }: Fault): void {
  Notification.warning(`${message} ${hint}`.trim(), { autoClose: 10_000 });
}

function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
