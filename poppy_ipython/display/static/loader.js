/* What the notebook's widget model carries: it fetches the bundle from the kernel once a page, and hands over messages.
 * So the notebook file holds a kilobyte and not the bundle, and a run sends what is new and nothing else. */
const KEY = Symbol.for("poppy_ipython.bundle/__HASH__");

function bundle(model) {
  return (globalThis[KEY] ??= new Promise((resolve, reject) => {
    const got = async (message) => {
      if (message?.t !== "bundle") return;
      model.off("msg:custom", got);
      const url = URL.createObjectURL(new Blob([message.text], { type: "text/javascript" }));
      try {
        resolve((await import(/* webpackIgnore: true */ url)).page);
      } catch (error) {
        reject(error);
      } finally {
        URL.revokeObjectURL(url);
      }
    };
    model.on("msg:custom", got);
    model.send({ ask: "bundle" });
  }));
}

function open(model) {
  if (model.poppy) return model.poppy;
  const say = (content) => {
    try {
      model.send(content);
    } catch {
      // the kernel is gone; what has come is still there to be looked at
    }
  };
  const run = model.get("run");
  const early = [];
  const keep = (message) => early.push(message);
  model.on("msg:custom", keep);
  return (model.poppy = bundle(model).then((page) => {
    page.model(run, {
      stop: () => say({ do: "stop" }),
      values: (number) => say({ ask: "values", number }),
      save: () => say({ ask: "page" }),
      whatif: (content) => say(content),
    });
    const take = (message) => {
      if (message?.t === "bundle") return;
      if (!page.apply(run, message)) say({ ask: "full" });
    };
    model.off("msg:custom", keep);
    early.forEach((message) => message?.t !== "delta" && take(message));
    model.on("msg:custom", take);
    say({ ask: "full" });
    return page;
  }));
}

export default {
  initialize({ model }) {
    open(model);
  },
  async render({ model, el }) {
    const page = await open(model);
    return page.mount(model.get("run"), el);
  },
};
