import exercise from "./exercise.js";
import * as validator from "./tmf-schemas/browser.js";

const answer = exercise(validator).catch((error) => ({ failed: String(error) }));
document.body.textContent = JSON.stringify(await answer);
