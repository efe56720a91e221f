// Builds the widgets into carenotebook/static and the JupyterLab extension into
// carenotebook/labextension. Nothing is fetched: what runs in the browser is in the two folders.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const WIDGETS = readdirSync("src/entries").filter((name) => name.endsWith(".ts"));
const STATIC = "../carenotebook/static";
const LABEXTENSION = "../carenotebook/labextension";
const shared = {
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  loader: { ".svg": "text" },
};

rmSync(STATIC, { recursive: true, force: true });
rmSync(LABEXTENSION, { recursive: true, force: true });
rmSync("lib", { recursive: true, force: true });

await build({
  ...shared,
  entryPoints: WIDGETS.map((name) => `src/entries/${name}`),
  outdir: STATIC,
  minify: true,
});
await build({
  ...shared,
  entryPoints: ["src/plugin/index.ts"],
  outfile: "lib/plugin.js",
  external: ["@jupyterlab/*", "@lumino/*"],
});

const require = createRequire(import.meta.url);
const { status } = spawnSync(
  process.execPath,
  [
    require.resolve("@jupyter/builder/lib/build-labextension.js"),
    "--core-package-file",
    require.resolve("@jupyterlab/core-meta/core.package.json"),
    ".",
  ],
  { stdio: ["ignore", process.argv.includes("--verbose") ? "inherit" : "ignore", "inherit"] },
);
process.exit(status ?? 1);
