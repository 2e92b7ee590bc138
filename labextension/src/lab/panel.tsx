/** The side panel. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import type { JSX } from 'react';

import { Chat } from '../core/Chat';
import type { Client } from '../core/client';
import type { Host } from '../core/host';
import { type Memory, Talk } from '../core/talk';
import { icon } from './icon';

export class GeniePanel extends ReactWidget {
  private opened: Talk | null = null;

  constructor(
    private readonly client: Client,
    private readonly host: Host
  ) {
    super();
    this.id = 'genie-panel';
    this.title.icon = icon;
    this.title.caption = 'Ask your data';
    this.addClass('genie-Panel');
  }

  /** The conversation; the server is not asked for anything before somebody looks at it. */
  get talk(): Talk {
    this.opened ??= new Talk(this.client, memory);
    return this.opened;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override render(): JSX.Element {
    return this.opened || this.isVisible ? <Chat client={this.client} host={this.host} talk={this.talk} /> : <></>;
  }
}

/** Survives a reload; where the browser keeps nothing, the panel starts anew. */
export const memory: Memory = {
  get: name => {
    try {
      return localStorage.getItem(`genie:${name}`) ?? '';
    } catch {
      return '';
    }
  },
  set: (name, value) => {
    try {
      localStorage.setItem(`genie:${name}`, value);
    } catch {
      // A browser that keeps nothing still asks.
    }
  }
};
