// Makes texts of documents and documents of texts, around what is compiled to WebAssembly.

import * as compiled from "./validator.js";

let isLoaded = false;

export function setLoaded() {
  isLoaded = true;
}

export function validate(apiVersion, className, document) {
  return JSON.parse(validator().validate(name(apiVersion), name(className), text(document)));
}

export function convert(document, from, to, className) {
  const asked = className === undefined ? undefined : name(className);
  const converted = validator().convert(text(document), name(from), name(to), asked);
  return typeof document === "string" ? converted : JSON.parse(converted);
}

export function classes(apiVersion) {
  return JSON.parse(validator().classes(name(apiVersion)));
}

function validator() {
  if (!isLoaded) {
    throw new Error("The validator is not loaded yet: await init() first.");
  }
  return compiled;
}

// What is too long is cut where it is known to be: memory for all of it may not be there.
function text(document) {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  if (typeof text !== "string") {
    throw new TypeError("The document must be an object, or JSON text.");
  }
  return text.slice(0, compiled.max_bytes() + 1);
}

// Longer than any name, and short enough for a message.
function name(value) {
  if (typeof value !== "string") {
    throw new TypeError("Versions and classes are named by strings.");
  }
  return value.slice(0, 100);
}
