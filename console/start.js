// Starts the console.
import start from "./console.js";

// Only forms need it, and it is as large as the console itself.
globalThis.loadValidator = async () => {
  const validator = await import("./validator/browser.js");
  await validator.default();
  return validator;
};
start({ module_or_path: new URL("./console_bg.wasm", import.meta.url) });
