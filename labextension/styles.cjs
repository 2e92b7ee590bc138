/* Puts the style sheets beside what tsc wrote, where the bundlers look for them. */
const fs = require('fs');
const path = require('path');

const copy = folder => {
  for (const entry of fs.readdirSync(path.join('src', folder), { withFileTypes: true })) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      copy(place);
    } else if (entry.name.endsWith('.css')) {
      fs.mkdirSync(path.join('lib', folder), { recursive: true });
      fs.copyFileSync(path.join('src', place), path.join('lib', place));
    }
  }
};
copy('');
