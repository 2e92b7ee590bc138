/** Whether a notebook's kernel can do something, and the frames that it holds. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { type Frame, ServerFault } from '../core/client';
import { frameIn, frameRequest } from '../core/frame';
import type { Fault } from '../core/types';

const GONE = ['dead', 'terminating', 'unknown'];

/** Why a notebook's kernel can run nothing; nothing where it can. */
export function kernelFault(panel: NotebookPanel): Fault | null {
  const { session, hasNoKernel } = panel.sessionContext;
  const kernel = session?.kernel;
  if (hasNoKernel || !kernel || GONE.includes(kernel.status) || kernel.connectionStatus === 'disconnected') {
    return { message: 'No kernel runs for this notebook.', hint: 'Start one (Kernel → Restart Kernel), and run its cells.' };
  }
  return null;
}

/** The frame of the current cell. */
export async function frameOfCell(tracker: INotebookTracker | null): Promise<Frame> {
  const panel = tracker?.currentWidget;
  const cell = panel?.content.activeCell?.model;
  if (!panel || !cell || cell.type !== 'code') {
    throw new ServerFault('No code cell is chosen.', 'Choose the one that makes or shows the DataFrame.');
  }
  const fault = kernelFault(panel);
  const kernel = panel.sessionContext.session?.kernel;
  if (fault || !kernel) {
    throw new ServerFault(fault?.message ?? 'No kernel runs for this notebook.', fault?.hint ?? '');
  }
  if (kernel.status === 'busy') {
    throw new ServerFault('The kernel is busy.', 'Ask about the DataFrame when it is done.');
  }
  const count = 'executionCount' in cell ? (cell.executionCount as number | null) : null;
  const request = frameRequest(cell.sharedModel.getSource(), count);
  let reply;
  try {
    reply = await kernel.requestExecute(request as never).done;
  } catch {
    throw new ServerFault('The kernel ended before it gave the frame.', 'Run the cell, and ask again.');
  }
  return frameIn(reply.content);
}
