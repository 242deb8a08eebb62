// What both Node.js and a browser do with the package; the test knows what must come of it.

export default async function exercise({ default: init, validate, convert, classes }) {
  await init();
  await init();
  const party = { role: "owner", partyOrPartyRole: { "@type": "PartyRef", id: "1", name: "A" } };
  const valid = { "@type": "BillingAccount", name: "A", relatedParty: [party] };
  const circle = {};
  circle.circle = circle;
  return {
    classes: [classes("v4").length, classes("v5").length],
    valid: validate("v5", "BillingAccount", valid),
    broken: validate("v5", "BillingAccount", { ...valid, name: 5, relatedParty: [{ role: " " }] }),
    undefinedIsLeftOut: validate("v5", "BillFormat", { name: "A4", description: undefined }),
    text: validate("v5", "BillFormat", '{"name":"A4","name":"A5"}'),
    converted: convert(valid, "v5", "v4"),
    there: convert('{"name":"A4","x":100.10}', "v5", "v4", "BillFormat"),
    back: convert(convert(valid, "v5", "v4"), "v4", "v5"),
    errors: [
      () => validate("v6", "BillFormat", {}),
      () => validate("v5", "BillFormats", {}),
      () => validate("v5", "BillFormat", "{"),
      () => validate("v5", "BillFormat", "[".repeat(5_000_000)),
      () => validate("v5", "BillFormat", '{"a":'.repeat(30_000)),
      () => validate("v5", "BillFormat", { name: "x".repeat(300_000) }),
      () => validate("v5", "BillFormat", circle),
      () => validate("v5", "BillFormat", undefined),
      () => validate("v5", 5, {}),
      () => validate(),
      () => convert({}, "v5", "v4"),
    ].map(messageOf),
    hostile: [
      validate("v5", "BillFormat", '{"name":"\ud800"}').length,
      validate("v5", "CustomerBill", `{"appliedPayment":[${"1,".repeat(100_000)}1]}`).length,
    ],
    stillWorks: validate("v5", "BillFormat", { name: "A4" }),
  };
}

function messageOf(call) {
  try {
    return `no error, but ${JSON.stringify(call())}`;
  } catch (error) {
    return `${error instanceof Error}: ${error.message}`;
  }
}
