/** Draws Vega-Lite with the renderer that Lab brings. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

const VEGA = 'application/vnd.vegalite.v5+json';

export function drawWith(registry: IRenderMimeRegistry) {
  return (spec: { [key: string]: unknown }, node: HTMLElement): (() => void) => {
    const renderer = registry.createRenderer(VEGA);
    const metadata = { [VEGA]: { embed_options: { actions: false, renderer: 'svg' } } };
    const model = registry.createModel({ data: { [VEGA]: spec as never }, metadata });
    // Attached before it draws: Vega measures its node.
    Widget.attach(renderer, node);
    void renderer.renderModel(model);
    return () => {
      // Lumino refuses to detach what is already out of the page.
      if (renderer.node.isConnected) {
        Widget.detach(renderer);
        renderer.dispose();
      }
    };
  };
}
