#!/usr/bin/env node
import { availableCores } from './resources.ts';

// Each running query holds a thread of libuv's pool, whose size is read once, at the pool's first use.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableCores() + 2));

const { main } = await import('./command-line.ts');
process.exitCode = await main(process.argv.slice(2));
