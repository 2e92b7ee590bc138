/** The plugins: the panel with its commands, and the answer in outputs of cells. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import '../core/style.css';
import './lab.css';
import { asFault } from '../core/client';
import { makeClient, makeHost, warn } from './host';
import { icon } from './icon';
import { frameOfCell } from './kernel';
import { GeniePanel, memory } from './panel';
import { factory } from './renderer';

const OPEN = 'genie:open';
const ASK_ABOUT = 'genie:ask-about-cell';
const ASK_FRAME = 'genie:ask-about-frame';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'genie-labextension:plugin',
  description: 'A panel that answers questions about a lake, and its answers in outputs of cells.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    registry: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const client = makeClient();
    const lake = (): string => memory.get('lake');
    const host = makeHost({ client, lake, tracker, registry });
    // In a cell the chart is an output of its own, so that it is there without the panel, too.
    const { copy, save, insertSql, sendFrame } = host;
    registry.addFactory(factory({ copy, save, insertSql, sendFrame }), 10);

    const panel = new GeniePanel(client, host);
    app.shell.add(panel, 'right', { rank: 900 });
    restorer?.add(panel, panel.id);

    app.commands.addCommand(OPEN, {
      label: 'Ask Your Data',
      icon,
      execute: () => app.shell.activateById(panel.id)
    });
    app.commands.addCommand(ASK_ABOUT, {
      label: 'Ask About This Cell',
      icon,
      isEnabled: () => Boolean(tracker?.activeCell),
      execute: () => {
        const code = tracker?.activeCell?.model.sharedModel.getSource().trim() ?? '';
        app.shell.activateById(panel.id);
        panel.talk.ask(questionOf(code));
      }
    });
    app.commands.addCommand(ASK_FRAME, {
      label: 'Ask About This DataFrame',
      caption: 'Ask the next questions of the DataFrame that this cell makes or shows',
      icon,
      isEnabled: () => tracker?.activeCell?.model.type === 'code',
      execute: async () => {
        try {
          const frame = await frameOfCell(tracker);
          app.shell.activateById(panel.id);
          panel.talk.attach(frame);
        } catch (error) {
          warn(asFault(error));
        }
      }
    });
    for (const command of [OPEN, ASK_ABOUT, ASK_FRAME]) {
      palette?.addItem({ command, category: 'Genie' });
    }
    app.contextMenu.addItem({ command: ASK_ABOUT, selector: '.jp-Notebook .jp-Cell', rank: 50 });
    app.contextMenu.addItem({ command: ASK_FRAME, selector: '.jp-Notebook .jp-CodeCell', rank: 51 });
  }
};

/** The question that a cell holds: of %ask the words after it, of markdown and of comments their words. */
export function questionOf(code: string): string {
  const magic = /^%%?ask\b[^\n]*\n?([\s\S]*)/.exec(code);
  if (magic) {
    return (magic[1]?.trim() || code.replace(/^%ask\s*/, '')).trim();
  }
  return code.replace(/^\s*#+\s?/gm, '').trim();
}

export default plugin;
