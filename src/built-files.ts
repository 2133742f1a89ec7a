/** A file by its path from the folder of this module, in the source and where it is built: .ci/bundle.mjs leaves it there. */
export const builtFile = (path: string): URL => new URL(path, import.meta.url);
