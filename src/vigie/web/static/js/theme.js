// Runs before the first paint: the automatic theme follows the system without a flash of the other one.
{
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = root.dataset.theme;
    root.dataset.bsTheme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
  };
  system.addEventListener("change", apply);
  apply();
}
