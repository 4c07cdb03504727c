// Push: notifications while the page is closed, if the user wants them and is logged in.

export class Push {
  constructor(ui) {
    this.ui = ui;
  }

  /** Subscribe or unsubscribe this browser, by the present settings. */
  async follow() {
    const { model, chat, notifier } = this.ui;
    const worker = await navigator.serviceWorker?.getRegistration();
    if (!worker?.pushManager || !model.account || !model.caps.has("draft/webpush")) return;
    try {
      let known = await worker.pushManager.getSubscription();
      if (!model.settings.notifications || !notifier.allowed()) {
        if (!known) return;
        await chat.ask("WEBPUSH", "UNREGISTER", known.endpoint);
        await known.unsubscribe();
        return;
      }
      const [answer] = await chat.ask("WEBPUSH", "VAPIDPUBKEY");
      const key = answer?.params.at(-1);
      known ??= await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      const { p256dh, auth } = known.toJSON().keys;
      await chat.ask("WEBPUSH", "REGISTER", known.endpoint, `p256dh=${p256dh};auth=${auth}`);
    } catch {
      // the browser has no push service, or it is unreachable: notifications work while the page is open
    }
  }
}
