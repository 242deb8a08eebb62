// For browsers and bundlers: the WebAssembly is fetched by `init`.

import { setLoaded } from "./documents.js";
import load from "./validator.js";

export { classes, convert, validate } from "./documents.js";

let loading;

export default function init(source) {
  loading ??= load(source && { module_or_path: source }).then(setLoaded, (error) => {
    // It can be tried again.
    loading = undefined;
    throw error;
  });
  return loading;
}
