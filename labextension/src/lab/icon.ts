import { LabIcon } from '@jupyterlab/ui-components';

export const icon = new LabIcon({
  name: 'genie:ask',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M4 4h16v12H9l-5 4zm3 8h2v2H7zm4-3h2v5h-2zm4-3h2v8h-2z"/></svg>'
});
