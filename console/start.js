// Starts the console. The look that was chosen is set first, so that no other one flashes up.
import start from "./console.js";

try {
  const theme = localStorage.getItem("console.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden here; the system's look will do.
}
// Only forms need it, and it is as large as the console itself.
globalThis.loadValidator = async () => {
  const validator = await import("./validator/browser.js");
  await validator.default();
  return validator;
};
start({ module_or_path: new URL("./console_bg.wasm", import.meta.url) });
