// What the package says of each line of the input, which has a version, a class and a document.

import { createInterface } from "node:readline";

import { validate } from "tmf-schemas";

for await (const line of createInterface({ input: process.stdin })) {
  const { version, className, text } = JSON.parse(line);
  console.log(JSON.stringify(verdict(version, className, text)));
}

function verdict(version, className, text) {
  try {
    return { messages: validate(version, className, text).map((fault) => fault.message) };
  } catch (error) {
    return { error: error.message };
  }
}
