// Runs before the first paint: the automatic theme follows the system without a flash of the other one.
{
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = root.dataset.theme;
    root.dataset.bsTheme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    document.cookie = `vigie_shade=${root.dataset.bsTheme}; path=/; max-age=31536000; samesite=lax`; // for Grafana's frame
  };
  system.addEventListener("change", apply);
  apply();
}
