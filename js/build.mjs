/* Bundles the view into the Python package: `npm run build`; `npm run check` says whether the committed bundle is up to
 * date. The bundle holds no date and no path, so that the same sources give the same bytes. */

import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const target = new URL("../poppy_ipython/display/static/view.js", import.meta.url);
const MOST = 150_000;

const result = await build({
  entryPoints: [new URL("src/main.ts", import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  loader: { ".css": "text" },
  banner: { js: "/* poppy_ipython view. Contains @dagrejs/dagre and @dagrejs/graphlib (MIT, Chris Pettitt and contributors). */" },
  write: false,
});
const text = result.outputFiles[0].text;
const size = Buffer.byteLength(text);
if (size > MOST) {
  console.error(`the bundle has ${size} bytes, at most ${MOST} are allowed`);
  process.exit(1);
}
if (process.argv.includes("--check")) {
  const committed = await readFile(target, "utf8").catch(() => "");
  if (committed !== text) {
    console.error("poppy_ipython/display/static/view.js is not what js/src makes: run `npm run build` in js/ and commit it");
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
console.log(`${size} bytes, ${gzipSync(text).length} compressed`);
