/** Keeps the rest of the panel alive where one answer cannot be drawn. */

import { Component, type ReactNode } from 'react';

import { Problem } from './Answer';

export class Boundary extends Component<{ children: ReactNode }, { broken: string }> {
  override state = { broken: '' };

  static getDerivedStateFromError(error: unknown): { broken: string } {
    return { broken: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (!this.state.broken) {
      return this.props.children;
    }
    const fault = { message: `This answer cannot be drawn: ${this.state.broken}`, hint: 'Export the thread to read it.' };
    return <Problem fault={fault} />;
  }
}
