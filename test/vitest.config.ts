import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Generous, because a test must never fail on a slow machine: nothing here is about time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Vitest's own choice is a core less, which on two leaves one idle while a test waits for its command.
    maxWorkers: 2,
  },
});
