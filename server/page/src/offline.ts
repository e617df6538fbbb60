/** @file Keeps the page for when there is no network. */

/** Registers the service worker, and says so on the page when everything is kept. */
export async function keepOffline(status: HTMLElement): Promise<void> {
  if (!("serviceWorker" in navigator)) {
    status.textContent = "This page is not kept for offline use: that needs HTTPS.";
    return;
  }
  try {
    await navigator.serviceWorker.register("sw.js");
    await navigator.serviceWorker.ready;
    status.textContent = "Kept in this browser: works offline from now on.";
  } catch (error) {
    status.textContent = `This page is not kept for offline use: ${(error as Error).message}`;
  }
}
