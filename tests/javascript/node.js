import * as validator from "tmf-schemas";

import exercise from "./exercise.js";

console.log(JSON.stringify(await exercise(validator)));
