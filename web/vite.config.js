// Builds the page into dist/, which the binary embeds: names with hashes under assets/, and what shrinks also as .gz.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

const compressed = {
  name: 'compressed',
  apply: 'build',
  writeBundle({ dir }) {
    const assets = join(dir, 'assets');
    for (const name of readdirSync(assets).filter((name) => /\.(js|css|ttf|svg)$/.test(name))) {
      const plain = readFileSync(join(assets, name));
      const small = gzipSync(plain, { level: constants.Z_BEST_COMPRESSION });
      if (small.length < plain.length * 0.9) writeFileSync(join(assets, `${name}.gz`), small);
    }
  },
};

export default defineConfig({
  // Relative, so that the page also works behind a proxy that serves it from a folder.
  base: './',
  plugins: [compressed],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // Monaco is large, and arrives from the same machine.
    chunkSizeWarningLimit: 5000,
    // The page's policy allows no script but its own files, and needs no data URLs for small ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      // "use client" is addressed to servers that render, which this page has none of.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
});
