// Starts the console.
import start from "./code/console.js";

globalThis.fetchTexts = async (language) => {
  const answer = await fetch(new URL(`./texts/${language}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`${answer.status} for the texts`);
  return answer.text();
};
// Only forms need it, and it is half as large as the first view.
globalThis.loadValidator = async () => {
  const validator = await import("./validator/browser.js");
  await validator.default();
  return validator;
};
start({ module_or_path: new URL("./code/console_bg.wasm", import.meta.url) });
