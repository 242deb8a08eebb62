// Sets the look that was chosen. It is no module, since those run late: another look would flash up.
try {
  const theme = localStorage.getItem("console.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden here; the system's look will do.
}
