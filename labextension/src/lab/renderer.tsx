/** Shows an answer in the output of a cell, with the same view as the panel. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { JSX } from 'react';

import { Answer } from '../core/Answer';
import type { Host } from '../core/host';
import { MIME, type Turn } from '../core/types';

const VERSION = 1;

export function factory(host: Host): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [MIME],
    defaultRank: 10,
    createRenderer: options => new AnswerOutput(options.mimeType, host)
  };
}

class AnswerOutput extends ReactWidget implements IRenderMime.IRenderer {
  private turn: Turn | null = null;

  constructor(
    private readonly mimeType: string,
    private readonly host: Host
  ) {
    super();
    this.addClass('genie-Output');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.turn = model.data[this.mimeType] as unknown as Turn;
    this.update();
    await this.renderPromise;
  }

  protected override render(): JSX.Element {
    if (!this.turn) {
      return <></>;
    }
    if (this.turn.version !== VERSION) {
      return <p>This answer was written by another version of genie-ext; run the cell again.</p>;
    }
    return <Answer turn={this.turn} host={this.host} />;
  }
}
