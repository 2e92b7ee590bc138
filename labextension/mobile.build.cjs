/* Builds the phone page into genie_ext/static with the bundler that Lab's builder brings. */
const fs = require('fs');
const path = require('path');

const builder = path.dirname(require.resolve('@jupyter/builder/package.json'));
const { rspack } = require(require.resolve('@rspack/core', { paths: [builder] }));

const out = path.resolve(__dirname, '../genie_ext/static');
fs.mkdirSync(out, { recursive: true });

rspack(
  {
    mode: 'production',
    entry: './lib/mobile/main.js',
    context: __dirname,
    output: { path: out, filename: 'mobile.js', clean: false },
    experiments: { css: true },
    module: { rules: [{ test: /\.css$/, type: 'css' }] },
    devtool: false,
    performance: { hints: false }
  },
  (error, stats) => {
    if (error || stats.hasErrors()) {
      console.error(error ?? stats.toString({ all: false, errors: true }));
      process.exit(1);
    }
    fs.copyFileSync(path.join(__dirname, 'src/mobile/mobile.html'), path.join(out, 'mobile.html'));
  }
);
