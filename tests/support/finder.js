// Finds elements as people name them. Part of the scripts that tests run in a page.

const squeeze = (text) => (text ?? "").replace(/\s+/g, " ").trim();

/** Whether somebody can see and use it. */
function isUsable(element) {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && !element.closest("[inert]") && !element.disabled
    && getComputedStyle(element).visibility !== "hidden";
}

/** The names that somebody could call it by. */
function namesOf(element) {
  const labelled = (element.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean)
    .map((id) => document.getElementById(id)?.textContent);
  const labels = [...(element.labels ?? [])].map((label) => label.textContent);
  return [element.getAttribute("aria-label"), ...labelled, ...labels, element.innerText].map(squeeze)
    .filter(Boolean);
}

const KINDS = {
  control: "button, a[href], summary, [role=tab], [role=menuitem], input[type=submit]",
  field: "input, select, textarea",
};

/** The first usable element whose name is the text, else one whose name begins with it; null if there is none. */
function find(kind, name) {
  const modal = document.querySelector("dialog:modal");
  const all = [...(modal ?? document).querySelectorAll(KINDS[kind])].filter(isUsable);
  return all.find((element) => namesOf(element).includes(name))
    ?? all.find((element) => namesOf(element).some((it) => it.startsWith(name)))
    ?? null;
}

/** Chooses what a list shows as the text; says whether it has it. */
function choose(list, text) {
  const option = [...list.options].find((it) => squeeze(it.textContent) === text || it.value === text);
  if (!option) return false;
  list.value = option.value;
  list.dispatchEvent(new Event("input", { bubbles: true }));
  list.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}
