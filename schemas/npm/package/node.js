// For Node.js: the WebAssembly is read when the package is imported.

import { readFileSync } from "node:fs";

import { setLoaded } from "./documents.js";
import { initSync } from "./validator.js";

export { classes, convert, validate } from "./documents.js";

initSync({ module: readFileSync(new URL("./validator_bg.wasm", import.meta.url)) });
setLoaded();

// Nothing is left to do; it is there so that the same program runs in browsers.
export default async function init() {}
